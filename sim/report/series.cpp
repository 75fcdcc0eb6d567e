// Two passes over the steps: one for the range of time, one that spreads each step over the spans it touches.
#include "sim/report/series.hpp"

#include <algorithm>
#include <limits>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

CumulativeCurve curve_of(const Samples& samples, std::size_t points) {
  CumulativeCurve curve;
  if (samples.count() == 0) return curve;
  for (std::size_t i = 0; i < points; ++i) {
    curve.values.push_back(samples.quantile(static_cast<double>(i) / static_cast<double>(points - 1)));
  }
  return curve;
}

struct Grid {
  double begin = 0, width = 1;
  std::size_t spans = 0;
};

Grid grid_of(const RunLog& log, std::size_t spans) {
  double begin = std::numeric_limits<double>::infinity(), end = 0, busy = 0;
  std::uint64_t steps = 0;
  log.for_each_step([&](const StepRow& row) {
    begin = std::min(begin, row.start.value());
    end = std::max(end, row.end.value());
    busy += (row.end - row.start).value();
    steps += row.count;
  });
  if (steps == 0 || end <= begin) return {};
  const double mean_step = busy / static_cast<double>(steps);
  if (mean_step > 0) {
    spans = static_cast<std::size_t>(std::clamp((end - begin) / mean_step, 1.0, static_cast<double>(spans)));
  }
  return {begin, (end - begin) / static_cast<double>(spans), spans};
}

TimeSeries empty_series(const Grid& grid) {
  TimeSeries series;
  for (std::size_t i = 0; i < grid.spans; ++i) {
    series.time.emplace_back(grid.begin + (static_cast<double>(i) + 0.5) * grid.width);
  }
  for (std::vector<double>* column : {&series.running, &series.waiting, &series.prefill_tokens_per_s,
                                      &series.decode_tokens_per_s, &series.kv_blocks}) {
    column->assign(grid.spans, 0.0);
  }
  return series;
}

void spread(const StepRow& row, const Grid& grid, TimeSeries& series) {
  const double start = row.start.value(), end = row.end.value();
  if (end <= start) return;
  const auto span_at = [&](double time) {
    return std::min(static_cast<std::size_t>(std::max(0.0, (time - grid.begin) / grid.width)),
                    grid.spans - 1);
  };
  const double steps_per_s = row.count / (end - start);
  for (std::size_t i = span_at(start); i <= span_at(end); ++i) {
    const double from = grid.begin + static_cast<double>(i) * grid.width;
    const double share = std::max(0.0, std::min(end, from + grid.width) - std::max(start, from)) / grid.width;
    series.running[i] += share * row.running;
    series.waiting[i] += share * row.waiting;
    series.prefill_tokens_per_s[i] += share * steps_per_s * row.prefill_tokens;
    series.decode_tokens_per_s[i] += share * steps_per_s * row.decode_sequences;
    series.kv_blocks[i] += share * static_cast<double>(row.kv_blocks_used);
  }
}

}  // namespace

LatencyCurves latency_curves(const RunLog& log, std::size_t points) {
  ensure(points >= 2, "a curve has two ends");
  const Latencies latencies = latencies_of(log);
  return {curve_of(latencies.ttft, points), curve_of(latencies.tpot, points), curve_of(latencies.itl, points),
          curve_of(latencies.e2el, points)};
}

TimeSeries time_series(const RunLog& log, std::size_t spans) {
  ensure(spans >= 1, "a series has a span");
  const Grid grid = grid_of(log, spans);
  TimeSeries series = empty_series(grid);
  if (grid.spans > 0) log.for_each_step([&](const StepRow& row) { spread(row, grid, series); });
  return series;
}

}  // namespace switchyard
