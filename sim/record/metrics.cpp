// One pass over the requests, one over the intervals; then arithmetic.
#include "sim/record/metrics.hpp"

#include <algorithm>
#include <limits>

#include "sim/base/ensure.hpp"
#include "sim/base/error.hpp"

namespace switchyard {
namespace {

// Whether one request meets every bound by itself, whatever the bound's statistic.
bool is_good(const RequestRow& row, const Slo& slo) {
  return std::all_of(slo.bounds.begin(), slo.bounds.end(), [&](const Slo::Bound& bound) {
    const auto within = [&](const std::optional<Seconds>& value) { return !value || *value <= bound.limit; };
    if (bound.figure == "ttft") return within(row.ttft());
    if (bound.figure == "e2el") return within(row.e2el());
    return bound.figure != "tpot" || within(row.tpot());
  });
}

struct Tally {
  Metrics metrics;  // its counts
  Latencies latencies;
  std::uint64_t good = 0;
  Seconds first_arrival = Seconds(std::numeric_limits<double>::infinity());
  Seconds last_finish;
};

void count(const RequestRow& row, const Slo& slo, Tally& tally) {
  Metrics& metrics = tally.metrics;
  ++metrics.submitted;
  metrics.preemptions += row.preemptions;
  tally.first_arrival = std::min(tally.first_arrival, row.arrival);
  if (row.outcome == Outcome::rejected) ++metrics.rejected;
  if (row.outcome == Outcome::unfinished) ++metrics.unfinished;
  if (row.outcome != Outcome::completed) return;

  ++metrics.completed;
  metrics.total_input_tokens += static_cast<std::uint64_t>(row.prompt_tokens);
  metrics.total_output_tokens += static_cast<std::uint64_t>(row.generated_tokens);
  ensure(row.first_token && row.finish, "a completed request has a first token and a finish");
  tally.latencies.ttft.add(*row.ttft());
  tally.latencies.e2el.add(*row.e2el());
  if (const auto tpot = row.tpot()) tally.latencies.tpot.add(*tpot);
  tally.good += is_good(row, slo) ? 1 : 0;
  tally.last_finish = std::max(tally.last_finish, *row.finish);
}

Tally tally_of(const RunLog& log, const Slo& slo) {
  Tally tally;
  log.for_each_request([&](const RequestRow& row) {
    if (!row.warmup) count(row, slo, tally);
  });
  log.for_each_interval([&](const IntervalRow& row) { tally.latencies.itl.add(row.interval, row.weight); });
  for (Samples* samples :
       {&tally.latencies.ttft, &tally.latencies.tpot, &tally.latencies.itl, &tally.latencies.e2el}) {
    samples->sort();
  }
  return tally;
}

void add_rates(Metrics& metrics, std::uint64_t good, std::int64_t gpus) {
  const auto rate = [&](std::uint64_t count) {
    return metrics.duration > Seconds() ? static_cast<double>(count) / metrics.duration.value() : 0.0;
  };
  metrics.request_throughput = rate(metrics.completed);
  metrics.request_goodput = rate(good);
  metrics.output_throughput = rate(metrics.total_output_tokens);
  metrics.total_token_throughput = rate(metrics.total_input_tokens + metrics.total_output_tokens);
  metrics.tokens_per_s_per_gpu = metrics.output_throughput / static_cast<double>(gpus);
  metrics.tokens_per_s_per_user = metrics.tpot.mean > Seconds() ? 1.0 / metrics.tpot.mean.value() : 0.0;
}

// Summed by replica, so that the order in which replicas come by does not show in the last digits; steps of
// decodes alone, which may be logged together or one by one, are in the breakdown's total.
std::optional<double> prompt_share_of(const RunLog& log) {
  const Seconds total = log.breakdown().total();
  if (total <= Seconds()) return std::nullopt;
  std::vector<Seconds> prompts;
  log.for_each_step([&](const StepRow& row) {
    if (row.prefill_tokens == 0) return;
    if (row.replica >= prompts.size()) prompts.resize(row.replica + 1);
    const double prefill = row.prefill_tokens, decode = row.decode_sequences;
    prompts[row.replica] += (row.end - row.start) * (prefill / (prefill + decode));
  });
  Seconds sum;
  for (const Seconds own : prompts) sum += own;
  return std::min(1.0, sum / total);
}

const Distribution& distribution_of(const Slo::Bound& bound, const Metrics& metrics) {
  if (bound.figure == "ttft") return metrics.ttft;
  if (bound.figure == "tpot") return metrics.tpot;
  if (bound.figure == "itl") return metrics.itl;
  if (bound.figure == "e2el") return metrics.e2el;
  throw InputError("slo", "unknown figure \"" + bound.figure + "\"; choose one of ttft, tpot, itl, e2el");
}

Seconds statistic_of(const Slo::Bound& bound, const Distribution& distribution) {
  if (bound.statistic == "mean") return distribution.mean;
  if (bound.statistic == "median") return distribution.median;
  if (bound.statistic == "p90") return distribution.p90;
  if (bound.statistic == "p99") return distribution.p99;
  throw InputError("slo",
                   "unknown statistic \"" + bound.statistic + "\"; choose one of mean, median, p90, p99");
}

bool is_met(const Slo::Bound& bound, const Metrics& metrics) {
  const std::optional<Seconds> value = value_of(bound, metrics);
  return value ? *value <= bound.limit : metrics.completed > 0;
}

}  // namespace

Metrics compute_metrics(const RunLog& log, const Slo& slo, std::int64_t gpus) {
  ensure(gpus > 0, "a run has at least one GPU");
  Tally tally = tally_of(log, slo);
  Metrics metrics = tally.metrics;
  if (metrics.completed > 0) metrics.duration = tally.last_finish - tally.first_arrival;
  metrics.ttft = tally.latencies.ttft.distribution();
  metrics.tpot = tally.latencies.tpot.distribution();
  metrics.itl = tally.latencies.itl.distribution();
  metrics.e2el = tally.latencies.e2el.distribution();
  log.for_each_step([&](const StepRow& row) { metrics.steps += row.count; });
  metrics.prompt_share = prompt_share_of(log);
  add_rates(metrics, tally.good, gpus);
  for (const Slo::Bound& bound : slo.bounds) metrics.slo_met.emplace_back(bound, is_met(bound, metrics));
  return metrics;
}

Latencies latencies_of(const RunLog& log) { return tally_of(log, {}).latencies; }

std::optional<Seconds> value_of(const Slo::Bound& bound, const Metrics& metrics) {
  const Distribution& distribution = distribution_of(bound, metrics);
  const Seconds value = statistic_of(bound, distribution);
  return distribution.samples > 0 ? std::optional<Seconds>(value) : std::nullopt;
}

}  // namespace switchyard
