// Figures of a run, computed afterwards from the log; names and definitions are those of `vllm bench serve`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/record/run_log.hpp"

namespace switchyard {

struct Distribution {
  std::uint64_t samples = 0;
  Seconds mean, median, standard_deviation, p90, p99, min, max;
};

/// Bounds of the scenario's "slo". A request is good when it itself meets every bound, whatever the percentile's name.
struct Slo {
  struct Bound {
    std::string figure;      // ttft | tpot | itl | e2el
    std::string statistic;   // mean | median | p90 | p99
    Seconds limit;
  };
  std::vector<Bound> bounds;
};

struct Metrics {
  std::uint64_t submitted = 0, completed = 0, rejected = 0, unfinished = 0;  // without warm-ups
  Seconds duration;  // from the first arrival that counts to the last finish
  std::uint64_t total_input_tokens = 0, total_output_tokens = 0;  // of completed requests
  double request_throughput = 0, output_throughput = 0, total_token_throughput = 0;  // per second
  double request_goodput = 0;   // good requests per second; = request_throughput without an slo
  Distribution ttft, tpot, itl, e2el;
  std::uint64_t steps = 0;
  std::uint64_t preemptions = 0;
  double tokens_per_s_per_gpu = 0;   // output tokens
  double tokens_per_s_per_user = 0;  // 1 / mean TPOT
  std::vector<std::pair<Slo::Bound, bool>> slo_met;
};

/// ttft = first_token - arrival; tpot = (e2e - ttft) / (output - 1), only requests with output > 1; itl weighted.
/// Percentiles interpolate linearly between order statistics, numpy's default, as vllm bench serve does.
Metrics compute_metrics(const RunLog& log, const Slo& slo, std::int64_t gpus);

}  // namespace switchyard
