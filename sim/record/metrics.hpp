// Figures of a run, computed afterwards from the log; names and definitions are those of `vllm bench serve`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/record/run_log.hpp"
#include "sim/record/samples.hpp"

namespace switchyard {

/// Bounds of the scenario's "slo". A request is good when it itself meets every bound, whatever the
/// percentile's name.
struct Slo {
  struct Bound {
    std::string figure;     // ttft | tpot | itl | e2el
    std::string statistic;  // mean | median | p90 | p99
    Seconds limit;
  };
  std::vector<Bound> bounds;
};

/// Latencies of the completed requests that count, sorted. itl is of all tokens logged.
struct Latencies {
  Samples ttft, tpot, itl, e2el;
};

struct Metrics {
  std::uint64_t submitted = 0, completed = 0, rejected = 0, unfinished = 0;  // without warm-ups
  Seconds duration;  // from the first arrival that counts to the last completion; 0 when nothing completed
  std::uint64_t total_input_tokens = 0, total_output_tokens = 0;                     // of completed requests
  double request_throughput = 0, output_throughput = 0, total_token_throughput = 0;  // per second
  double request_goodput = 0;  // good requests per second; = request_throughput without an slo
  Distribution ttft, tpot, itl, e2el;
  std::uint64_t steps = 0;  // engine steps, without those of the warm-ups
  std::uint64_t preemptions = 0;
  std::optional<double> prompt_share;                // of the time of all steps; none without steps
  double tokens_per_s_per_gpu = 0;                   // output tokens
  double tokens_per_s_per_user = 0;                  // 1 / mean TPOT; 0 without samples
  std::vector<std::pair<Slo::Bound, bool>> slo_met;  // in the order of the slo
};

/// ttft = first_token - arrival; e2el = finish - arrival; tpot = (e2el - ttft) / (output - 1), only of
/// requests with more than one output token; itl weighted. Percentiles interpolate linearly between order
/// statistics, numpy's default, as vllm bench serve does. Source: vllm/benchmarks/serve.py,
/// calculate_metrics. A bound on a figure without samples is met, unless nothing completed at all. An itl
/// bound does not decide whether one request is good: intervals are not kept per request. prompt_share: a
/// step's time is its tokens', to each the same part; a prompt's token computes more, but shares the reading
/// of weights with many.
Metrics compute_metrics(const RunLog& log, const Slo& slo, std::int64_t gpus);

/// What the distributions of compute_metrics are made of, e.g. for curves.
Latencies latencies_of(const RunLog& log);

/// The statistic that a bound speaks of; none without samples. Throws InputError at "slo" for an unknown
/// figure or statistic.
std::optional<Seconds> value_of(const Slo::Bound& bound, const Metrics& metrics);

}  // namespace switchyard
