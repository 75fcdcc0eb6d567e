// Sending requests and keeping their account.
#include "sim/serving/clients.hpp"

#include <algorithm>

#include "sim/serving/replica.hpp"

namespace switchyard {
namespace {

RequestRow row_of(const Sequence& sequence, std::uint32_t replica, std::uint32_t rank, Outcome outcome) {
  RequestRow row;
  row.id = sequence.request.id;
  row.arrival = sequence.submitted;
  row.prompt_tokens = sequence.request.prompt_tokens;
  row.output_tokens = sequence.request.output_tokens;
  row.generated_tokens = sequence.generated;
  row.first_token = sequence.first_token;
  row.replica = replica;
  row.data_parallel_rank = rank;
  row.preemptions = sequence.preemptions;
  row.outcome = outcome;
  row.warmup = sequence.warmup;
  return row;
}

}  // namespace

Clients::Clients(const ServingSpec& spec, const Traffic& traffic, RunLog& log, std::stop_token stop)
    : spec_(spec), traffic_(traffic), log_(log), stop_(std::move(stop)) {}

void Clients::run(Actor& actor) {
  if (traffic_.warmups > 0) send_warmups(actor);
  if (traffic_.concurrency) send_closed_loop(actor);
  else send_open_loop(actor);
  for (Replica* replica : replicas_) replica->close();
}

void Clients::send_warmups(Actor& actor) {
  warming_up_ = true;
  resend_ = traffic_.concurrency.has_value();
  left_in_phase_ = traffic_.warmups;
  const std::int64_t at_once = std::min(traffic_.warmups, traffic_.concurrency.value_or(traffic_.warmups));
  for (std::int64_t i = 0; i < at_once; ++i) send_next(Seconds(0.0));
  wait_until_all_finished(actor);
  warming_up_ = false;
}

void Clients::send_open_loop(Actor& actor) {
  resend_ = false;
  std::optional<Request> request = traffic_.requests->next();
  if (!request) return;
  // With warm-ups the clock of the arrivals starts when they are done.
  const Seconds origin = traffic_.warmups > 0 ? measured_from_ - *request->arrival : Seconds(0.0);
  for (; request && !stop_.stop_requested(); request = traffic_.requests->next()) {
    next_arrival_ = origin + *request->arrival;
    actor.sleep_until(*next_arrival_);
    if (stop_.stop_requested()) break;
    submit(*request, *next_arrival_);
  }
  next_arrival_.reset();
}

void Clients::send_closed_loop(Actor& actor) {
  resend_ = true;
  left_in_phase_ = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t i = 0; i < *traffic_.concurrency; ++i)
    if (!send_next(measured_from_)) break;
  wait_until_all_finished(actor);
}

bool Clients::send_next(Seconds date) {
  while (left_in_phase_ > 0) {
    const std::optional<Request> request = traffic_.requests->next();
    if (!request) return false;
    --left_in_phase_;
    if (submit(*request, date)) return true;  // a rejected one makes room for the next at once
  }
  return false;
}

bool Clients::submit(const Request& request, Seconds date) {
  ++submitted_;
  Sequence sequence;
  sequence.request = request;
  sequence.submitted = date;
  sequence.warmup = warming_up_;
  if (!fits(request)) {
    log_.append(row_of(sequence, 0, 0, Outcome::rejected));
    ++finished_;
    return false;
  }
  if (spec_.bank != nullptr) sequence.routing = place_in_bank(*spec_.bank, spec_.seed, request.id);
  targets_.clear();
  for (const Replica* replica : replicas_) replica->append_loads(targets_);
  const TargetLoad& target = targets_[spec_.dispatcher->choose(targets_, dispatched_++)];
  replicas_[target.replica]->deliver(sequence, target.rank);
  return true;
}

/// Longer than max_model_len, or larger than the whole KV pool: never to be served. The last token is not
/// cached.
bool Clients::fits(const Request& request) const {
  const std::int64_t tokens = request.prompt_tokens + request.output_tokens;
  return tokens <= spec_.limits.max_model_len && tokens - 1 <= spec_.kv_blocks * spec_.limits.block_size;
}

void Clients::finished(const Sequence& sequence, std::uint32_t replica, std::uint32_t rank, Seconds date) {
  RequestRow row = row_of(sequence, replica, rank, Outcome::completed);
  row.finish = date;
  log_.append(row);
  ++finished_;
  if (resend_ && !stop_.stop_requested()) send_next(date);
  if (finished_ == submitted_) {
    measured_from_ = warming_up_ ? date : measured_from_;
    idle_.ring();
  }
}

void Clients::abandoned(const Sequence& sequence, std::uint32_t replica, std::uint32_t rank) {
  log_.append(row_of(sequence, replica, rank, Outcome::unfinished));
  ++finished_;
  if (finished_ == submitted_) idle_.ring();
}

void Clients::wait_until_all_finished(Actor& actor) {
  while (finished_ < submitted_) actor.wait(idle_);
}

}  // namespace switchyard
