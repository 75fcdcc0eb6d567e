// Pipeline parallelism: a step is a round of as many micro-batches as there are stages, as vLLM keeps that
// many batches in flight. In the steady state a round lasts the longest of the busiest stage's work, the
// slowest micro-batch's way through all stages (its next token needs the one before) and the busiest link's
// bytes; so stages overlap, and the host's work hides behind them but once: the host prepares one micro-batch
// while the others run.
#include <algorithm>
#include <map>
#include <utility>

#include "sim/plan/step_timer.hpp"

namespace switchyard {
namespace {

/// One rank's part of every micro-batch.
class Dealing {
 public:
  Dealing(const RankBatch& whole, std::size_t count) : whole_(whole), batches_(count) {
    for (std::size_t i = 0; i < whole.decode_contexts.size(); ++i) {
      RankBatch& batch = batches_[i % count];
      batch.decode_contexts.push_back(whole.decode_contexts[i]);
      if (i < whole.routed.size()) batch.routed.push_back(whole.routed[i]);
    }
    for (std::size_t i = 0; i < whole.prefills.size(); ++i) deal_prompt(i);
    for (std::size_t b = 0; b < count; ++b) {
      batches_[b].sampled = part_of(whole.sampled, b);
      const std::int64_t padding =
          part_of(whole.padding, count - 1 - b);  // the remainder where sequences lack
      if (padding > 0) batches_[b].pad_to(batches_[b].tokens() + padding);
    }
  }

  std::vector<RankBatch>& batches() { return batches_; }

 private:
  /// To the emptiest micro-batch, as prompts that come during a round join the next one to start; what has no
  /// room there to the then emptiest.
  void deal_prompt(std::size_t prompt) {
    const std::int64_t tokens = whole_.prefills[prompt].tokens;
    for (std::int64_t done = 0; done < tokens;) {
      const std::size_t to = emptiest();
      const std::int64_t room = whole_.most_in_micro_batch.value_or(tokens) - batches_[to].tokens();
      const bool cut = whole_.most_in_micro_batch && room > 0 && room < tokens - done;
      const std::int64_t piece = cut ? room : tokens - done;
      deal(prompt, done, piece, to);
      done += piece;
    }
  }

  void deal(std::size_t prompt, std::int64_t first, std::int64_t tokens, std::size_t to) {
    batches_[to].prefills.push_back({tokens, whole_.prefills[prompt].context + first});
    const std::size_t run = whole_.decode_contexts.size() + prompt;
    if (run >= whole_.routed.size()) return;
    const TokenRun& routed = whole_.routed[run];
    batches_[to].routed.push_back(
        {routed.stream, routed.position + static_cast<std::uint64_t>(first), tokens});
  }

  std::size_t emptiest() const {
    const auto fewer = [](const RankBatch& a, const RankBatch& b) { return a.tokens() < b.tokens(); };
    return static_cast<std::size_t>(std::min_element(batches_.begin(), batches_.end(), fewer) -
                                    batches_.begin());
  }

  /// Equal parts; earlier ones take the remainder.
  std::int64_t part_of(std::int64_t all, std::size_t index) const {
    const auto parts = static_cast<std::int64_t>(batches_.size());
    return all / parts + (static_cast<std::int64_t>(index) < all % parts ? 1 : 0);
  }

  const RankBatch& whole_;
  std::vector<RankBatch> batches_;
};

/// As many as there is work for, at most one a stage.
std::size_t count_of(const RankBatch& batch, std::size_t stages) {
  std::size_t parts = batch.decode_contexts.size() + batch.prefills.size();
  if (batch.most_in_micro_batch)
    parts += static_cast<std::size_t>(batch.prefill_tokens() / *batch.most_in_micro_batch);
  return std::clamp<std::size_t>(parts, 1, stages);
}

std::vector<std::vector<RankBatch>> micro_batches(std::span<const RankBatch> ranks, std::size_t stages) {
  std::size_t count = 1;
  for (const RankBatch& batch : ranks) count = std::max(count, count_of(batch, stages));
  std::vector<std::vector<RankBatch>> batches(count);
  for (const RankBatch& whole : ranks) {
    Dealing dealing(whole, count);
    for (std::size_t b = 0; b < count; ++b) batches[b].push_back(std::move(dealing.batches()[b]));
  }
  const auto idle = [](const std::vector<RankBatch>& batch) {
    return std::all_of(batch.begin(), batch.end(), [](const RankBatch& own) { return own.tokens() == 0; });
  };
  batches.erase(std::remove_if(batches.begin() + 1, batches.end(), idle), batches.end());
  return batches;
}

/// What the phases of a round put on links.
class Round : public StepLoads {
 public:
  Round(std::span<Bytes> loads, bool reads_transfers) : StepLoads(loads), reads_transfers_(reads_transfers) {}
  bool reads_transfers() const override { return reads_transfers_; }
  void add(const Phase& phase) override {
    StepLoads::add(phase);
    if (!reads_transfers_) return;
    for (const PhaseLoad& part : phase.loads)
      for (const Transfer& t : part.transfers)
        transfers_[{t.from, t.to}] += t.bytes * (part.bytes.value() * static_cast<double>(phase.repeats));
  }
  std::vector<Transfer> transfers() const {
    std::vector<Transfer> list;
    for (const auto& [pair, bytes] : transfers_) list.push_back({pair.first, pair.second, bytes});
    return list;
  }

 private:
  bool reads_transfers_;
  std::map<std::pair<GpuId, GpuId>, Bytes> transfers_;
};

bool shorter(const Breakdown& a, const Breakdown& b) { return a.total() < b.total(); }

}  // namespace

Breakdown StepTimer::micro_batched(std::span<const RankBatch> ranks, PhaseWriter& out) {
  const std::size_t stages = stages_.size();
  const auto batches = micro_batches(ranks, stages);
  std::vector<Breakdown> of_stage(stages), of_batch(batches.size());
  std::int64_t dropped = 0;
  for (LinkId link : links_) round_loads_[link] = Bytes(0.0);
  Round sum_of_round(round_loads_, out.reads_transfers());
  PhaseWriter of_round(&sum_of_round);
  for (std::size_t b = 0; b < batches.size(); ++b) {
    for (std::size_t s = 0; s < stages; ++s) {
      Breakdown time = stage_time(s, batches[b], of_round);
      if (s + 1 < stages) time[Part::communication] += hand_on(s, batches[b], of_round);
      else time += after_layers(batches[b], of_round);
      of_stage[s] += time;
      of_batch[b] += time;
    }
    if (routed_) dropped += routed_->dropped();
  }
  const Breakdown& stage = *std::max_element(of_stage.begin(), of_stage.end(), shorter);
  const Breakdown& batch = *std::max_element(of_batch.begin(), of_batch.end(), shorter);
  Breakdown round = shorter(stage, batch) ? batch : stage;
  Seconds busiest;
  for (LinkId link : links_)
    busiest = std::max(busiest, round_loads_[link] / model_.graph->links()[link].bandwidth);
  round[Part::communication] += std::max(Seconds(0.0), busiest - round.total());
  write_round(round.total(), sum_of_round.transfers(), out);
  if (routed_) {  // routed() tells of the whole step
    routed_->route(ranks);
    routed_->count_dropped(dropped);  // but each micro-batch has had its own capacity
  }
  return round;
}

/// Its bytes are on the way all along.
void StepTimer::write_round(Seconds time, std::span<const Transfer> transfers, PhaseWriter& out) {
  if (!out.heard()) return;
  exchanged_.clear();
  for (LinkId link : links_)
    if (round_loads_[link] > Bytes(0.0)) exchanged_.push_back({link, round_loads_[link]});
  const PhaseLoad load{exchanged_, Bytes(1.0), transfers};
  out.collective({Seconds(0.0), Seconds(0.0), time, Seconds(0.0), std::span(&load, 1)});
}

/// Every tensor rank sends its share, which the next stage gathers.
Seconds StepTimer::hand_on(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out) {
  const Bytes vectors =
      model_.engine->pipeline_tensors * static_cast<double>(tokens_of(ranks).most) * hidden_bytes_;
  const Bytes share = vectors / static_cast<double>(model_.deployment->tensor_parallel_size);
  const std::vector<Collective>& gather = network_.stages[stage + 1].tensor_all_gather;
  out.collective(network_.stages[stage].send_to_next, share);
  return network_.stages[stage].send_to_next.time(share) +
         together(gather, std::vector<Bytes>(gather.size(), vectors), out);
}

}  // namespace switchyard
