// Carrying out a scheduler's decision.
#include "sim/serving/rank_queue.hpp"

#include <algorithm>

#include "sim/cost/engine_profile.hpp"

namespace switchyard {

RankQueue::RankQueue(const Scheduler& scheduler, const EngineLimits& limits, std::int64_t kv_blocks)
    : scheduler_(scheduler), limits_(limits), pool_(kv_blocks, limits.block_size) {}

void RankQueue::submit(const Sequence& sequence) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(sequences_.size()));
    sequences_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  sequences_[slot] = sequence;
  waiting_.push_back(slot);
}

bool RankQueue::plan() {
  decision_.clear();
  if (idle()) return false;
  scheduler_.plan({sequences_, running_, waiting_, pool_, limits_}, decision_);
  for (std::uint32_t id : decision_.preempted) preempt(id);
  for (std::size_t i = 0; i < decision_.admitted; ++i) admit();
  for (const ScheduledTokens& scheduled : decision_.scheduled) {
    Sequence& sequence = sequences_[scheduled.sequence];
    take_blocks(sequence, sequence.computed + scheduled.tokens);
  }
  return !decision_.scheduled.empty();
}

void RankQueue::preempt(std::uint32_t id) {
  ensure(!running_.empty() && running_.back() == id, "the last admitted sequence is preempted first");
  running_.pop_back();
  Sequence& sequence = sequences_[id];
  pool_.give_back(sequence.blocks);
  sequence.blocks = 0;
  sequence.computed = 0;
  ++sequence.preemptions;
  waiting_.push_front(id);
}

void RankQueue::admit() {
  const std::uint32_t id = waiting_.front();
  take_blocks(sequences_[id], sequences_[id].num_tokens());
  running_.push_back(id);
  waiting_.pop_front();
}

void RankQueue::take_blocks(Sequence& sequence, std::int64_t tokens) {
  const std::int64_t lacking = pool_.lacking(sequence.blocks, tokens);
  pool_.take(lacking);
  sequence.blocks += lacking;
}

void RankQueue::fill(RankBatch& batch, const std::vector<std::int64_t>& capture_sizes) const {
  batch.clear();
  if (scheduler_.prompts == Scheduler::Prompts::cut)
    batch.most_in_micro_batch = limits_.max_num_batched_tokens;
  for (const ScheduledTokens& scheduled : decision_.scheduled) {
    const Sequence& sequence = sequences_[scheduled.sequence];
    if (!sequence.decodes()) continue;
    batch.decode_contexts.push_back(sequence.computed + 1);
    batch.routed.push_back({sequence.routing.stream,
                            sequence.routing.position + static_cast<std::uint64_t>(sequence.computed), 1});
    ++batch.sampled;
  }
  for (const ScheduledTokens& scheduled : decision_.scheduled) {
    const Sequence& sequence = sequences_[scheduled.sequence];
    if (sequence.decodes()) continue;
    batch.prefills.push_back({scheduled.tokens, sequence.computed});
    batch.routed.push_back({sequence.routing.stream,
                            sequence.routing.position + static_cast<std::uint64_t>(sequence.computed),
                            scheduled.tokens});
    batch.sampled += scheduled.tokens == sequence.missing();
  }
  if (!batch.prefills.empty() || batch.decode_contexts.empty()) return;
  batch.pad_to(padded_batch(batch.decodes(), capture_sizes));
}

std::int64_t RankQueue::repeats() const {
  if (!decision_.preempted.empty() || !only_decodes()) return 1;
  std::int64_t steps = std::numeric_limits<std::int64_t>::max();
  for (const ScheduledTokens& scheduled : decision_.scheduled) {
    const Sequence& sequence = sequences_[scheduled.sequence];
    steps = std::min(steps, sequence.request.output_tokens - sequence.generated);
  }
  if (blocks_suffice(steps)) return steps;
  std::int64_t enough = 1;  // one step's blocks are taken already
  while (steps - enough > 1) {
    const std::int64_t middle = enough + (steps - enough) / 2;
    (blocks_suffice(middle) ? enough : steps) = middle;
  }
  return enough;
}

bool RankQueue::only_decodes() const {
  return std::all_of(
      decision_.scheduled.begin(), decision_.scheduled.end(),
      [&](const ScheduledTokens& scheduled) { return sequences_[scheduled.sequence].decodes(); });
}

bool RankQueue::blocks_suffice(std::int64_t steps) const {
  if (decision_.scheduled.empty()) return true;
  std::int64_t lacking = 0;
  for (const ScheduledTokens& scheduled : decision_.scheduled) {
    const Sequence& sequence = sequences_[scheduled.sequence];
    lacking += pool_.lacking(sequence.blocks, sequence.computed + steps);
  }
  return lacking <= pool_.free();
}

void RankQueue::commit(Seconds start, std::span<const Seconds> ends, RunLog& log) {
  if (decision_.scheduled.empty()) return;
  if (only_decodes()) commit_decodes(start, ends, log);
  else commit_tokens(ends.front(), log);
  check_blocks();
}

void RankQueue::commit_decodes(Seconds start, std::span<const Seconds> ends, RunLog& log) {
  const auto steps = static_cast<std::int64_t>(ends.size());
  std::uint32_t together = 0;  // counted sequences whose last token came at `start`
  std::uint32_t counted = 0;
  for (const ScheduledTokens& scheduled : decision_.scheduled) {
    Sequence& sequence = sequences_[scheduled.sequence];
    take_blocks(sequence, sequence.computed + steps);
    sequence.computed += steps;
    sequence.generated += steps;
    if (!sequence.warmup) {
      ++counted;
      if (sequence.last_token == start) ++together;
      else log.append(IntervalRow{ends.front() - sequence.last_token, 1});
    }
    sequence.last_token = ends.back();
  }
  if (together > 0) log.append(IntervalRow{ends.front() - start, together});
  for (std::size_t i = 1; i < ends.size() && counted > 0; ++i)
    log.append(IntervalRow{ends[i] - ends[i - 1], counted});
}

void RankQueue::commit_tokens(Seconds end, RunLog& log) {
  for (const ScheduledTokens& scheduled : decision_.scheduled) {
    Sequence& sequence = sequences_[scheduled.sequence];
    sequence.computed += scheduled.tokens;
    if (sequence.missing() > 0) continue;  // a chunk: the prompt goes on
    ++sequence.generated;
    if (!sequence.first_token) sequence.first_token = end;
    else if (!sequence.warmup) log.append(IntervalRow{end - sequence.last_token, 1});
    sequence.last_token = end;
  }
}

void RankQueue::check_blocks() const {
  std::int64_t held = 0;
  for (std::uint32_t id : running_) held += sequences_[id].blocks;
  ensure(held == pool_.used(), "the sequences of a rank hold the KV blocks in use");
}

void RankQueue::release_finished(const std::function<void(const Sequence&)>& finished) {
  const auto first = std::stable_partition(running_.begin(), running_.end(),
                                           [&](std::uint32_t id) { return !sequences_[id].finished(); });
  const std::vector<std::uint32_t> done(first, running_.end());
  running_.erase(first, running_.end());
  for (std::uint32_t id : done) {
    pool_.give_back(sequences_[id].blocks);
    sequences_[id].blocks = 0;
    free_slots_.push_back(id);
    finished(sequences_[id]);
  }
}

void RankQueue::for_each_unfinished(const std::function<void(const Sequence&)>& visit) const {
  for (std::uint32_t id : running_) visit(sequences_[id]);
  for (std::uint32_t id : waiting_) visit(sequences_[id]);
}

}  // namespace switchyard
