// The serving loop.
#include "sim/serving/replica.hpp"

#include <algorithm>

#include "sim/engine/phase_spender.hpp"

namespace switchyard {
namespace {

/// Steps timed ahead between two looks at the letters, when no arrival is known to come: bounds wasted work.
constexpr std::int64_t kLookAhead = 16;

}  // namespace

Replica::Replica(std::uint32_t index, const ServingSpec& spec, Clients& clients, RunLog& log,
                 std::stop_token stop)
    : index_(index),
      spec_(spec),
      clients_(clients),
      log_(log),
      stop_(std::move(stop)),
      timer_(*spec.timers[index]),
      ranks_(static_cast<std::size_t>(spec.data_parallel_size),
             RankQueue(*spec.scheduler, spec.limits, spec.kv_blocks)),
      undelivered_(ranks_.size()),
      batches_(ranks_.size()),
      links_(spec.graph->links().size()) {}

bool Replica::by_phase() const {
  return spec_.fidelity == Fidelity::collective || spec_.fidelity == Fidelity::flow;
}

void Replica::run(Actor& actor, const std::function<void()>& watch) {
  while (wait_for_work(actor)) {
    plan();
    spend(actor);
    commit();
    watch();
  }
  abandon();
}

bool Replica::wait_for_work(Actor& actor) {
  const auto idle = [&] {
    return std::all_of(ranks_.begin(), ranks_.end(), [](const RankQueue& rank) { return rank.idle(); });
  };
  read_letters();
  if (idle()) settled_ = now_;  // nothing runs: a step is settled when it begins
  read_letters();
  while (idle() && !stop_.stop_requested()) {
    if (letters_.empty()) {
      if (closed_) return false;
      actor.wait(bell_);
    } else {  // a letter dated after the end of the last step
      actor.sleep_until(seen(letters_.front()));
      now_ = std::max(now_, seen(letters_.front()));
      settled_ = now_;
    }
    read_letters();
  }
  return !stop_.stop_requested();
}

void Replica::plan() {
  bool work = false;
  repeats_ = std::numeric_limits<std::int64_t>::max();
  for (RankQueue& rank : ranks_) {
    if (!rank.plan()) continue;
    work = true;
    repeats_ = std::min(repeats_, rank.repeats());
  }
  if (!spec_.advance_together || by_phase() || spec_.replicas_share_links) repeats_ = 1;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    ranks_[i].fill(batches_[i], spec_.capture_sizes);
    if (work && batches_[i].tokens() == 0) batches_[i].pad_to(1);  // idle ranks run a dummy batch
  }
  ensure(work, "a replica with work plans a step");
}

void Replica::spend(Actor& actor) {
  ends_.clear();
  breakdowns_.clear();
  spreads_.clear();
  if (by_phase()) spend_by_phase(actor);
  else if (spec_.replicas_share_links) spend_sharing(actor);
  else spend_alone(actor);
}

void Replica::spend_alone(Actor& actor) {
  while (repeats_ > 0) {
    links_.settle();
    look_ahead(std::min(repeats_, kLookAhead));
    Seconds until = ends_.back();
    while (actor.wait_until(until, bell_)) {
      if (letters_.empty()) continue;  // closed, or an old ring
      const std::size_t begun = steps_begun_by(seen(letters_.front()));
      ends_.resize(begun);
      breakdowns_.resize(begun);
      spreads_.resize(std::min(spreads_.size(), begun));
      links_.keep(begun);
      repeats_ = 0;
      until = ends_.back();
    }
    if (!letters_.empty() && seen(letters_.front()) <= ends_.back()) repeats_ = 0;
  }
}

void Replica::spend_sharing(Actor& actor) {
  const std::span<Bytes> bytes = links_.next_step();
  StepLoads sum_of_step(bytes);
  const Breakdown breakdown = timer_.time(batches_, sum_of_step);
  if (timer_.routed() != nullptr) spreads_.push_back(timer_.spread());
  loads_.clear();
  for (LinkId link = 0; link < bytes.size(); ++link)
    if (bytes[link] > Bytes(0.0)) loads_.push_back({link, bytes[link]});
  const Seconds alone = breakdown.total();
  actor.sleep_until(now_);
  const Seconds taken = actor.spend(alone, loads_);
  note_step(now_ + taken, taken - alone, breakdown);
}

void Replica::spend_by_phase(Actor& actor) {
  actor.sleep_until(now_);
  PhaseSpender spender(actor, now_, links_.next_step());
  const Breakdown breakdown = timer_.time(batches_, spender);
  if (timer_.routed() != nullptr) spreads_.push_back(timer_.spread());
  note_step(spender.end(), spender.end() - now_ - breakdown.total(), breakdown);
  actor.sleep_until(ends_.back());
}

void Replica::note_step(Seconds end, Seconds waited, Breakdown breakdown) {
  breakdown[Part::communication] += std::max(Seconds(0.0), waited);  // for shared links
  ends_.push_back(end);
  breakdowns_.push_back(breakdown);
}

void Replica::commit() {
  const Seconds start = now_;
  now_ = ends_.back();
  settled_ = !spec_.schedules_ahead ? now_ : ends_.size() > 1 ? ends_[ends_.size() - 2] : start;
  ensure(now_ >= start, "the clock never goes back");
  StepRow row = row_of_batches(start);
  finished_.clear();
  for (std::uint32_t rank = 0; rank < ranks_.size(); ++rank) {
    ranks_[rank].commit(start, ends_, log_);
    row.kv_blocks_used += static_cast<std::uint64_t>(ranks_[rank].pool().used());
    ranks_[rank].release_finished([&](const Sequence& sequence) { finished_.push_back({sequence, rank}); });
  }
  if (!clients_.warming_up()) {
    for (const Breakdown& breakdown : breakdowns_) log_.spend(index_, breakdown);
    log_.append(row);
    for (const RoutingSpread& spread : spreads_) routing_.add(spread);
  } else {
    links_.forget();
  }
  links_.commit();
  // Only now: what a completion sends is dispatched by the loads after this step.
  for (const Letter& letter : finished_) clients_.finished(letter.sequence, index_, letter.rank, now_);
}

StepRow Replica::row_of_batches(Seconds start) const {
  StepRow row;
  row.start = start;
  row.end = now_;
  row.replica = index_;
  row.count = static_cast<std::uint32_t>(ends_.size());
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    row.prefill_tokens += static_cast<std::uint32_t>(batches_[i].prefill_tokens());
    row.decode_sequences += static_cast<std::uint32_t>(batches_[i].decodes());
    row.running += static_cast<std::uint32_t>(ranks_[i].running());
    row.waiting += static_cast<std::uint32_t>(ranks_[i].waiting());
  }
  return row;
}

void Replica::deliver(const Sequence& sequence, std::uint32_t rank) {
  if (ended_) return clients_.abandoned(sequence, index_, rank);
  letters_.push_back({sequence, rank});
  ++undelivered_[rank];
  bell_.ring();
}

void Replica::close() {
  closed_ = true;
  bell_.ring();
}

void Replica::append_loads(std::vector<TargetLoad>& loads) const {
  for (std::uint32_t i = 0; i < ranks_.size(); ++i)
    loads.push_back({index_, i, ranks_[i].waiting() + undelivered_[i], ranks_[i].running()});
}

void Replica::read_letters() {
  while (!letters_.empty() && seen(letters_.front()) <= settled_) {
    ranks_[letters_.front().rank].submit(letters_.front().sequence);
    --undelivered_[letters_.front().rank];
    letters_.pop_front();
  }
}

void Replica::look_ahead(std::int64_t steps) {
  std::optional<Seconds> next_arrival = clients_.next_arrival();
  if (next_arrival) *next_arrival += spec_.request_time;
  if (!letters_.empty()) next_arrival = seen(letters_.front());
  for (std::int64_t i = 0; i < steps; ++i) {
    if (!ends_.empty()) {
      if (i > 0 && next_arrival && ends_.back() >= *next_arrival) break;  // the batch may change there
      for (RankBatch& batch : batches_) batch.advance();
    }
    StepLoads loads(links_.next_step());
    breakdowns_.push_back(timer_.time(batches_, loads));
    if (timer_.routed() != nullptr) spreads_.push_back(timer_.spread());
    ends_.push_back((ends_.empty() ? now_ : ends_.back()) + breakdowns_.back().total());
    --repeats_;
  }
}

std::size_t Replica::steps_begun_by(Seconds date) const {
  const auto end =
      std::lower_bound(ends_.begin(), ends_.end(), date);  // first step that ends at the date or later
  const std::size_t in_progress = static_cast<std::size_t>(end - ends_.begin());
  return std::min(ends_.size(), in_progress + (spec_.schedules_ahead ? 2 : 1));
}

void Replica::abandon() {
  ended_ = true;
  for (std::size_t i = 0; i < ranks_.size(); ++i)
    ranks_[i].for_each_unfinished(
        [&](const Sequence& s) { clients_.abandoned(s, index_, static_cast<std::uint32_t>(i)); });
  for (const Letter& letter : letters_) clients_.abandoned(letter.sequence, index_, letter.rank);
}

}  // namespace switchyard
