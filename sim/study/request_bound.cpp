// Sums over requests. `ranks` are a replica's attention data-parallel ranks, a round is one step of a
// replica, and a part what one rank has in one of the round's micro-batches. A round lasts no less than its
// slowest micro-batch on its slowest rank, so no less than the mean: fixed + each x (sizes of all parts
// together) / (ranks x stages), as there are at most so many parts.
#include "sim/study/request_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/plan/layer_times.hpp"

namespace switchyard {
namespace {

double real(std::int64_t number) { return static_cast<double>(number); }

/// Whether steps hold prompts alone or decodes alone. Schedulers that are not known here may mix them.
bool keeps_apart(std::string_view scheduler) {
  return scheduler == "prefill_first" || scheduler == "prefill_batches";
}

/// The largest of an attention's lines that a prompt's recomputation surely takes too, by `each` of its
/// tokens (of at least `least_context`, but for the one that a decode computes as well): a preempted sequence
/// comes to its next token by that and not by a decode.
Seconds decode_time(const LeastLines& decode, double times, double keys, Seconds each, double least_context) {
  Seconds most;
  for (const LeastLines::Line& line : decode.lines())
    if (line.each + line.fixed / least_context <= each) most = std::max(most, line.of(times, keys));
  return most;
}

/// Of how many of n requests at least a statistic says something; of a mean nothing.
double share_of(const std::string& statistic, double n) {
  const double share = statistic == "p99"      ? 0.99
                       : statistic == "p90"    ? 0.9
                       : statistic == "median" ? 0.5
                                               : 0.0;
  return share == 0.0 ? 0.0 : std::floor(share * (n - 1.0)) + 1.0;
}

std::vector<double> sorted_decodes(std::span<const RequestLengths> requests) {
  std::vector<double> decodes;
  for (const RequestLengths& request : requests) decodes.push_back(real(request.output - 1));
  std::sort(decodes.begin(), decodes.end());
  return decodes;
}

}  // namespace

RequestBound::RequestBound(const Scenario& scenario, const MemoryFit& memory,
                           std::span<const RequestLengths> requests, const LeastCosts& costs,
                           std::span<const Collective> all_reduces)
    : scenario_(scenario),
      memory_(memory),
      requests_(requests),
      ranks_(real(scenario.deployment.data_parallel_size)),
      stages_(real(scenario.deployment.pipeline_parallel_size)) {
  const EngineLimits& limits = scenario.engine.limits;
  most_.least_context = std::numeric_limits<double>::infinity();
  for (const RequestLengths& request : requests) {
    most_.least_context = std::min(most_.least_context, real(request.prompt + 1));
    most_.most_context = std::max(most_.most_context, real(request.prompt + request.output));
  }
  most_.sequences = most_sequences();
  most_.cached = real(memory.kv_tokens());
  const double padded = real(padded_batch(limits.max_num_seqs, scenario.engine.cudagraph_capture_sizes));
  most_.tokens = std::max({real(limits.max_num_batched_tokens) * stages_, most_.most_context, padded});
  preempts_ = most_.sequences * (most_.most_context + real(limits.block_size)) > most_.cached;
  apart_ = keeps_apart(scenario.engine.scheduler) && ranks_ == 1.0 && !preempts_;
  work_ = least_work(scenario, costs, most_, all_reduces);
  totals_ = totals();
}

RequestBound::Totals RequestBound::totals() const {
  Totals sum;
  sum.keys.resize(work_.attentions.size());
  sum.pairs.resize(work_.attentions.size());
  for (const auto& [prompt, output] : requests_) {
    sum.requests += 1.0;
    sum.prompts += real(prompt);
    sum.decodes += real(output - 1);
    sum.outputs += real(output);
    sum.contexts += causal_pairs({output - 1, prompt}, std::nullopt);
    for (std::size_t i = 0; i < work_.attentions.size(); ++i) {
      sum.keys[i] += causal_pairs({output - 1, prompt}, work_.attentions[i].most_keys);
      sum.pairs[i] += causal_pairs({prompt, 0}, work_.attentions[i].most_keys);
    }
  }
  return sum;
}

double RequestBound::most_sequences() const {
  const double most = real(scenario_.engine.limits.max_num_seqs);
  const Workload& workload = *scenario_.workload;
  return workload.closed_loop() ? std::min(most, real(workload.arrivals.concurrency)) : most;
}

/// Its prompt's pieces are computed one after the other, on one rank, with nothing else at the least.
Seconds RequestBound::ttft(const RequestLengths& request) const {
  const EngineProfile& engine = scenario_.engine.profile;
  const double prompt = real(request.prompt), share = prompt / stages_;
  const double rounds = std::max(1.0, std::ceil(prompt / most_.tokens));
  Seconds time = engine.request_time + rounds * (engine.host_time_per_step + engine.host_time_per_sequence) +
                 work_.tokens.of(rounds, share) + work_.routed.of(rounds, share) + work_.head.of(1.0, 1.0) +
                 work_.state_prompt.of(rounds, share);
  for (const LeastWork::Attention& attention : work_.attentions)
    time += attention.prompts.fixed + attention.prompts.each_token * share +
            attention.prompts.each_pair * (causal_pairs({request.prompt, 0}, attention.most_keys) / stages_);
  return time;
}

/// Between two tokens of a sequence lies a round with one of it, of one micro-batch: with dummies of the
/// other ranks where there are no stages. Where the sequence is preempted instead, it is a prompt again, of
/// as many tokens as its context.
Seconds RequestBound::tpot(const RequestLengths& request) const {
  const double steps = real(request.output - 1);
  if (steps == 0.0) return Seconds(0.0);
  const EngineProfile& engine = scenario_.engine.profile;
  Seconds longest;
  for (const LeastLines::Line& line : work_.tokens.lines()) {
    Seconds time = line.of(1.0, 1.0);
    const Seconds again = preempts_ ? line.each / stages_ - line.each / most_.least_context
                                    : Seconds(std::numeric_limits<double>::infinity());
    for (const LeastWork::Attention& attention : work_.attentions) {
      const double keys = causal_pairs({request.output - 1, request.prompt}, attention.most_keys) / steps;
      time += decode_time(attention.decode, 1.0, keys, again / static_cast<double>(work_.attentions.size()),
                          most_.least_context);
    }
    longest = std::max(longest, time);
  }
  const Seconds state = preempts_ ? Seconds(0.0) : work_.state_decode.of(1.0, 1.0);
  return engine.host_time_per_step + engine.host_time_per_sequence + longest + state +
         work_.routed.of(1.0, stages_ == 1.0 ? ranks_ : 1.0) + work_.head.of(1.0, 1.0);
}

/// A round gives each sequence at most one token, and its sequences hold the blocks of their contexts.
double RequestBound::least_rounds() const {
  const double together =
      std::min(ranks_ * most_.sequences, scenario_.workload->closed_loop()
                                             ? real(scenario_.workload->arrivals.concurrency)
                                             : std::numeric_limits<double>::infinity());
  return std::max(totals_.decodes / together, totals_.contexts / (ranks_ * most_.cached));
}

Seconds RequestBound::time(double rounds) const {
  const EngineProfile& engine = scenario_.engine.profile;
  const double of_prompts = totals_.prompts / (ranks_ * most_.tokens);
  const double all =
      apart_ ? rounds + of_prompts : std::max(rounds, of_prompts + totals_.decodes / (ranks_ * most_.tokens));
  return engine.host_time_per_step * all +
         engine.host_time_per_sequence * ((totals_.decodes + totals_.requests) / ranks_) +
         time_of_tokens(rounds) + time_of_prompts() + time_of_head();
}

/// Tokens of prompts and decodes, and the decodes' attention, of the line that says most of all together.
Seconds RequestBound::time_of_tokens(double rounds) const {
  const double parts = ranks_ * stages_;
  const double of_prompts = totals_.prompts / (ranks_ * most_.tokens);
  const double batch = std::ceil(most_.sequences / stages_);  // decodes of a part
  const auto with_decodes = [&](const LeastLines::Line& line, double times, double tokens) {
    Seconds time = line.of(times, tokens / parts);
    const Seconds again = preempts_ ? line.each * (1.0 - 1.0 / most_.least_context)
                                    : Seconds(std::numeric_limits<double>::infinity());
    const double attentions = static_cast<double>(work_.attentions.size());
    for (std::size_t i = 0; i < work_.attentions.size(); ++i)
      time += decode_time(work_.attentions[i].decode, totals_.decodes / batch, totals_.keys[i],
                          again / attentions, most_.least_context) /
              parts;
    return time;
  };
  const double times =
      apart_ ? rounds : std::max(rounds, (totals_.prompts + totals_.decodes) / (ranks_ * most_.tokens));
  const double tokens = apart_ ? totals_.decodes : totals_.prompts + totals_.decodes;
  Seconds longest;
  for (const LeastLines::Line& line : work_.tokens.lines())
    longest = std::max(longest, with_decodes(line, times, tokens));
  Seconds sum = longest + work_.routed.of(times, tokens / stages_);
  if (apart_)
    sum += work_.tokens.of(of_prompts, totals_.prompts / parts) +
           work_.routed.of(of_prompts, totals_.prompts / stages_);
  return preempts_ ? sum : sum + work_.state_decode.of(totals_.decodes / batch, totals_.decodes) / parts;
}

Seconds RequestBound::time_of_prompts() const {
  const double parts = ranks_ * stages_, with_prompts = totals_.prompts / most_.tokens;
  Seconds time = work_.state_prompt.of(with_prompts, totals_.prompts);
  for (std::size_t i = 0; i < work_.attentions.size(); ++i) {
    const OperatorCost::LeastPrompts& prompts = work_.attentions[i].prompts;
    time += prompts.fixed * with_prompts + prompts.each_token * totals_.prompts +
            prompts.each_pair * totals_.pairs[i];
  }
  return time / parts;
}

Seconds RequestBound::time_of_head() const {
  const double batch = std::ceil(most_.sequences / stages_);
  return work_.head.of(totals_.outputs / batch, totals_.outputs) / (ranks_ * stages_);
}

/// Replicas work at the same time, and a run lasts no less than any request.
double RequestBound::rate(double requests, Seconds time) const {
  return requests * real(scenario_.deployment.replicas) / time.value();
}

double RequestBound::rate() const {
  Seconds longest, sum;
  for (const RequestLengths& request : requests_) {
    const Seconds own = ttft(request) + tpot(request) * real(request.output - 1);
    longest = std::max(longest, own);
    sum += own;
  }
  const Workload& workload = *scenario_.workload;
  double most = std::min(rate(totals_.requests, time(least_rounds())), totals_.requests / longest.value());
  if (workload.closed_loop())  // so many are under way at once
    most = std::min(most, real(workload.arrivals.concurrency) * totals_.requests / sum.value());
  return most;
}

Seconds RequestBound::decode_step(double sequences) const {
  const EngineProfile& engine = scenario_.engine.profile;
  const double share = sequences / stages_;
  Seconds time = engine.host_time_per_step + engine.host_time_per_sequence * sequences;
  Seconds longest;
  for (const LeastLines::Line& line : work_.tokens.lines()) longest = std::max(longest, line.of(1.0, share));
  time += longest + work_.routed.of(1.0, share);
  if (preempts_) return time;
  for (const LeastWork::Attention& attention : work_.attentions) {
    const double keys = std::min(
        most_.least_context, real(attention.most_keys.value_or(std::numeric_limits<std::int64_t>::max())));
    time += attention.decode.of(0.0, share * keys);
  }
  return time;
}

/// A round of q decodes on some rank takes at least step(q), which is convex: at least A + B q, its tangent
/// where step = limit. If the steps of N tokens last `limit` on average, limit N >= sum q step(q) >= A N + B
/// sum q^2 >= A N + B N^2 / rounds (Cauchy and Schwarz): rounds >= N / q there.
double RequestBound::most_together(Seconds limit) const {
  if (decode_step(0.0) >= limit) return 0.0;
  double enough = 0.0, most = most_.sequences;
  if (decode_step(most) <= limit) return most;
  for (int halvings = 0; halvings < 60; ++halvings) {
    const double middle = 0.5 * (enough + most);
    (decode_step(middle) <= limit ? enough : most) = middle;
  }
  return most;
}

double RequestBound::rate_within(const Slo& slo) const {
  const std::vector<double> decodes = sorted_decodes(requests_);
  const auto several = std::upper_bound(decodes.begin(), decodes.end(), 0.0);
  const auto n = static_cast<double>(decodes.end() - several);
  double rounds = least_rounds();
  for (const Slo::Bound& bound : slo.bounds) {
    if (bound.figure != "tpot" || n == 0.0) continue;
    double good = 0.0;
    for (auto it = several; it != several + static_cast<std::ptrdiff_t>(share_of(bound.statistic, n)); ++it)
      good += *it;
    if (good == 0.0) continue;
    const double together = most_together(bound.limit);
    if (together == 0.0) return 0.0;
    rounds = std::max(rounds, good / (ranks_ * together));
  }
  return std::min(rate(), rate(totals_.requests, time(rounds)));
}

bool RequestBound::is_good(const RequestLengths& request, const Slo& slo) const {
  const Seconds first = ttft(request), each = tpot(request);
  return std::all_of(slo.bounds.begin(), slo.bounds.end(), [&](const Slo::Bound& bound) {
    if (bound.figure == "ttft") return first <= bound.limit;
    if (bound.figure == "tpot") return each <= bound.limit;
    return bound.figure != "e2el" || first + each * real(request.output - 1) <= bound.limit;
  });
}

double RequestBound::good_rate(const Slo& slo) const {
  std::vector<RequestLengths> good;
  for (const RequestLengths& request : requests_)
    if (is_good(request, slo)) good.push_back(request);
  const double share = static_cast<double>(good.size()) / totals_.requests;
  double together = most_.sequences;
  for (const Slo::Bound& bound : slo.bounds)
    if (bound.figure == "tpot") together = std::min(together, most_together(bound.limit));
  if (good.empty()) return 0.0;
  const double any = rate() * share, rounds = least_rounds();
  // With the first so many of the shortest: more of them take more rounds.
  const std::vector<double> decodes = sorted_decodes(good);
  constexpr std::size_t kCuts = 64;
  double most = 0.0, before = 0.0, sum = 0.0;
  std::size_t from = 0;
  for (std::size_t cut = 1; cut <= kCuts && from < decodes.size(); ++cut) {
    const std::size_t to = std::max(from + 1, decodes.size() * cut / kCuts);
    for (std::size_t i = from; i < std::min(to, decodes.size()); ++i) sum += decodes[i];
    const double least = together > 0.0 ? before / (ranks_ * together) : before > 0.0 ? 1e300 : 0.0;
    most = std::max(most, rate(static_cast<double>(to), time(std::max(rounds, least))));
    before = sum;
    from = to;
  }
  return std::min(any, most);
}

}  // namespace switchyard
