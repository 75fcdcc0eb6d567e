// Curves for the report's page, drawn from the log and already short enough to embed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/record/metrics.hpp"
#include "sim/record/run_log.hpp"

namespace switchyard {

/// A cumulative distribution: values[i] is the (i / (n - 1))-quantile of n. Empty without samples.
struct CumulativeCurve {
  std::vector<Seconds> values;
};

struct LatencyCurves {
  CumulativeCurve ttft, tpot, itl, e2el;
};

/// The state of all replicas together over equal spans of time, each value a mean over its span.
struct TimeSeries {
  std::vector<Seconds> time;                                      // middle of the span
  std::vector<double> running, waiting;                           // requests
  std::vector<double> prefill_tokens_per_s, decode_tokens_per_s;  // tokens of a step are spread over its time
  std::vector<double> kv_blocks;                                  // in use
};

LatencyCurves latency_curves(const RunLog& log, std::size_t points = 401);

/// At most `spans` spans, and none shorter than the mean step. Between steps a replica is idle and counts as
/// empty.
TimeSeries time_series(const RunLog& log, std::size_t spans = 400);

}  // namespace switchyard
