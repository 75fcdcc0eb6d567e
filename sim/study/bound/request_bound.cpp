// Sums over requests. `ranks` are a replica's attention data-parallel ranks, a round is one step of a
// replica, and a part what one rank has in one of the round's micro-batches. A round lasts no less than its
// slowest micro-batch on its slowest rank, so no less than the mean: fixed + each x (sizes of all parts
// together) / (ranks x stages), as there are at most so many parts.
#include "sim/study/bound/request_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "sim/plan/layer_times.hpp"

namespace switchyard {
namespace {

constexpr double kEndless = std::numeric_limits<double>::infinity();

double real(std::int64_t number) { return static_cast<double>(number); }

/// Whether steps hold prompts alone or decodes alone. Schedulers that are not known here may mix them.
bool keeps_apart(std::string_view scheduler) {
  return scheduler == "prefill_first" || scheduler == "prefill_batches";
}

/// Those of an attention's lines that a prompt's recomputation surely takes too, by `each` of its tokens (of
/// at least `least_context`, but for the one that a decode computes as well): a preempted sequence comes to
/// its next token by that and not by a decode.
LeastLines within_again(const LeastLines& decode, Seconds each, double least_context) {
  std::vector<LeastLines::Line> lines;
  for (const LeastLines::Line& line : decode.lines())
    if (line.each + line.fixed / least_context <= each) lines.push_back(line);
  return LeastLines(std::move(lines));
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
  most_.least_context = kEndless;
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
  decodes_ = decodes();
  const EngineProfile& engine = scenario.engine.profile;
  around_decode_ = engine.host_time_per_step + engine.host_time_per_sequence +
                   (preempts_ ? Seconds(0.0) : work_.state_decode.of(1.0, 1.0)) +
                   work_.routed.of(1.0, stages_ == 1.0 ? ranks_ : 1.0) + work_.head.of(1.0, 1.0);
  for (const RequestLengths& request : requests) least_.push_back({ttft(request), tpot(request)});
  totals_ = totals();
}

RequestBound::Totals RequestBound::totals() const {
  Totals sum;
  sum.keys.resize(work_.attentions.size());
  sum.pairs.resize(work_.attentions.size());
  for (const auto& [prompt, output, arrival] : requests_) {
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

/// Of the least in every respect: no so many requests have less of anything.
RequestBound::Totals RequestBound::totals_of_least(double requests) const {
  const auto sum_of_least = [&](auto amount) {
    std::vector<double> amounts;
    for (const RequestLengths& request : requests_) amounts.push_back(amount(request));
    const auto end = amounts.begin() + static_cast<std::ptrdiff_t>(requests);
    if (end != amounts.end()) std::nth_element(amounts.begin(), end, amounts.end());
    return std::accumulate(amounts.begin(), end, 0.0);
  };
  Totals sum;
  sum.requests = requests;
  sum.prompts = sum_of_least([](const RequestLengths& r) { return real(r.prompt); });
  sum.outputs = sum_of_least([](const RequestLengths& r) { return real(r.output); });
  sum.decodes = sum.outputs - requests;
  const auto keys = [](std::optional<std::int64_t> most) {
    return [=](const RequestLengths& r) { return causal_pairs({r.output - 1, r.prompt}, most); };
  };
  sum.contexts = sum_of_least(keys(std::nullopt));
  for (const LeastWork::Attention& attention : work_.attentions) {
    const std::optional<std::int64_t> most = attention.most_keys;
    sum.keys.push_back(sum_of_least(keys(most)));
    sum.pairs.push_back(sum_of_least([=](const RequestLengths& r) {
      return causal_pairs({r.prompt, 0}, most);
    }));
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

/// Of one token. Where the sequence may be preempted instead, one bound for each line of tokens: the steeper
/// it is the more of the attention's lines are within a recomputation. Of those with the same the most holds.
std::vector<RequestBound::Decode> RequestBound::decodes() const {
  Decode whole{work_.tokens.of(1.0, 1.0), {}};
  for (const LeastWork::Attention& attention : work_.attentions) whole.attentions.push_back(attention.decode);
  if (!preempts_) return {whole};
  std::map<std::vector<std::size_t>, Decode> of_lines;  // by how many of each attention's: the cheapest ones
  for (const LeastLines::Line& line : work_.tokens.lines()) {
    const Seconds again = line.each / stages_ - line.each / most_.least_context;
    Decode decode{line.of(1.0, 1.0), {}};
    std::vector<std::size_t> lines;
    for (const LeastLines& attention : whole.attentions) {
      decode.attentions.push_back(
          within_again(attention, again / static_cast<double>(whole.attentions.size()), most_.least_context));
      lines.push_back(decode.attentions.back().lines().size());
    }
    Decode& most = of_lines.try_emplace(lines, decode).first->second;
    most.tokens = std::max(most.tokens, decode.tokens);
  }
  std::vector<Decode> decodes;
  for (auto& [lines, decode] : of_lines) decodes.push_back(std::move(decode));
  return decodes;
}

/// One token, and its attention to so many keys of each of work_.attentions.
Seconds RequestBound::decode_of(const std::vector<double>& keys) const {
  Seconds longest;
  for (const Decode& decode : decodes_) {
    Seconds time = decode.tokens;
    for (std::size_t i = 0; i < keys.size(); ++i) time += decode.attentions[i].of(1.0, keys[i]);
    longest = std::max(longest, time);
  }
  return longest;
}

/// Between two tokens of a sequence lies a round with one of it, of one micro-batch: with dummies of the
/// other ranks where there are no stages. Where the sequence is preempted instead, it is a prompt again, of
/// as many tokens as its context.
Seconds RequestBound::tpot(const RequestLengths& request) const {
  const double steps = real(request.output - 1);
  if (steps == 0.0) return Seconds(0.0);
  std::vector<double> keys;
  for (const LeastWork::Attention& attention : work_.attentions)
    keys.push_back(causal_pairs({request.output - 1, request.prompt}, attention.most_keys) / steps);
  return decode_of(keys) + around_decode_;
}

/// A round gives each sequence at most one token, and its sequences hold the blocks of their contexts.
double RequestBound::least_rounds(const Totals& all) const {
  double together = ranks_ * most_.sequences;
  const Workload& workload = *scenario_.workload;
  if (workload.closed_loop()) together = std::min(together, real(workload.arrivals.concurrency));
  return std::max(all.decodes / together, all.contexts / (ranks_ * most_.cached));
}

Seconds RequestBound::time(const Totals& all, double rounds) const {
  const EngineProfile& engine = scenario_.engine.profile;
  const double of_prompts = all.prompts / (ranks_ * most_.tokens);
  const double steps =
      apart_ ? rounds + of_prompts : std::max(rounds, of_prompts + all.decodes / (ranks_ * most_.tokens));
  return engine.host_time_per_step * steps +
         engine.host_time_per_sequence * ((all.decodes + all.requests) / ranks_) +
         time_of_tokens(all, rounds) + time_of_prompts(all) + time_of_head(all);
}

/// Tokens of prompts and decodes, and the decodes' attention, of the line that says most of all together.
Seconds RequestBound::time_of_tokens(const Totals& all, double rounds) const {
  const double parts = ranks_ * stages_;
  const double of_prompts = all.prompts / (ranks_ * most_.tokens);
  const double batch = std::ceil(most_.sequences / stages_);  // decodes of a part
  const auto with_decodes = [&](const LeastLines::Line& line, double times, double tokens) {
    Seconds time = line.of(times, tokens / parts);
    const Seconds again = line.each * (1.0 - 1.0 / most_.least_context);
    const double attentions = static_cast<double>(work_.attentions.size());
    for (std::size_t i = 0; i < work_.attentions.size(); ++i) {
      const LeastLines& decode = work_.attentions[i].decode;
      const double batches = all.decodes / batch, keys = all.keys[i];
      time += (preempts_ ? within_again(decode, again / attentions, most_.least_context).of(batches, keys)
                         : decode.of(batches, keys)) /
              parts;
    }
    return time;
  };
  const double times =
      apart_ ? rounds : std::max(rounds, (all.prompts + all.decodes) / (ranks_ * most_.tokens));
  const double tokens = apart_ ? all.decodes : all.prompts + all.decodes;
  Seconds longest;
  for (const LeastLines::Line& line : work_.tokens.lines())
    longest = std::max(longest, with_decodes(line, times, tokens));
  Seconds sum = longest + work_.routed.of(times, tokens / stages_);
  if (apart_)
    sum +=
        work_.tokens.of(of_prompts, all.prompts / parts) + work_.routed.of(of_prompts, all.prompts / stages_);
  return preempts_ ? sum : sum + work_.state_decode.of(all.decodes / batch, all.decodes) / parts;
}

Seconds RequestBound::time_of_prompts(const Totals& all) const {
  const double parts = ranks_ * stages_, with_prompts = all.prompts / most_.tokens;
  Seconds time = work_.state_prompt.of(with_prompts, all.prompts);
  for (std::size_t i = 0; i < work_.attentions.size(); ++i) {
    const OperatorCost::LeastPrompts& prompts = work_.attentions[i].prompts;
    time +=
        prompts.fixed * with_prompts + prompts.each_token * all.prompts + prompts.each_pair * all.pairs[i];
  }
  return time / parts;
}

Seconds RequestBound::time_of_head(const Totals& all) const {
  const double batch = std::ceil(most_.sequences / stages_);
  return work_.head.of(all.outputs / batch, all.outputs) / (ranks_ * stages_);
}

/// Replicas work at the same time, and a run lasts no less than any request.
double RequestBound::rate(double requests, Seconds time) const {
  return requests * real(scenario_.deployment.replicas) / time.value();
}

double RequestBound::rate() const {
  Seconds longest, sum;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const Seconds own = least_[i].e2el(requests_[i]);
    longest = std::max(longest, own);
    sum += own;
  }
  const Workload& workload = *scenario_.workload;
  double most = std::min(rate(totals_.requests, time(totals_, least_rounds(totals_))),
                         totals_.requests / longest.value());
  if (workload.closed_loop())  // so many are under way at once
    most = std::min(most, real(workload.arrivals.concurrency) * totals_.requests / sum.value());
  return most;
}

}  // namespace switchyard
