// Figures of small logs, computed by hand.
#include "sim/record/metrics.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/error.hpp"

namespace {

using namespace switchyard;

RequestRow completed(double arrival, double first_token, double finish, std::int64_t output) {
  RequestRow row;
  row.arrival = Seconds(arrival);
  row.prompt_tokens = 100;
  row.output_tokens = row.generated_tokens = output;
  row.first_token = Seconds(first_token);
  row.finish = Seconds(finish);
  row.outcome = Outcome::completed;
  return row;
}

RequestRow rejected(double arrival) {
  RequestRow row;
  row.arrival = Seconds(arrival);
  row.prompt_tokens = 1'000'000;
  row.output_tokens = 10;
  row.outcome = Outcome::rejected;
  return row;
}

Slo slo(const std::string& figure, const std::string& statistic, double limit) {
  return {{{figure, statistic, Seconds(limit)}}};
}

// ttft 1, 2, 3, 6; tpot 0.5, none, 1.0, 0.25; e2el 3, 2, 6, 7.
RunLog four_requests() {
  RunLog log;
  log.append(completed(10.0, 11.0, 13.0, 5));
  log.append(completed(11.0, 13.0, 13.0, 1));
  log.append(completed(12.0, 15.0, 18.0, 4));
  log.append(completed(12.0, 18.0, 19.0, 5));
  return log;
}

}  // namespace

TEST_CASE("More samples than are kept have nearly the same statistics, and their exact number") {
  Samples exact, bounded(1000);
  for (int i = 0; i < 100'000; ++i) {
    const double value = 1e-3 * std::exp(static_cast<double>(i * 7919LL % 100'000) * 1e-4);  // 1 ms to 22 s
    exact.add(Seconds(value), 3);
    bounded.add(Seconds(value), 3);
  }
  exact.sort();
  bounded.sort();
  CHECK(bounded.size() <= 1000);
  CHECK(exact.size() == 100'000);
  CHECK(bounded.count() == exact.count());
  CHECK(bounded.distribution().mean.value() == Approx(exact.distribution().mean.value()).epsilon(1e-3));
  for (const double q : {0.0, 0.25, 0.5, 0.9, 0.99, 1.0})
    CHECK(bounded.quantile(q).value() == Approx(exact.quantile(q).value()).epsilon(0.035));
}

TEST_CASE("Samples are exact as long as half of what is kept suffices") {
  Samples samples(64);
  for (int i = 0; i < 10'000; ++i) samples.add(Seconds(0.1 * static_cast<double>(i % 30)), 2);
  samples.sort();
  CHECK(samples.size() == 30);
  CHECK(samples.quantile(0.0).value() == 0.0);
  CHECK(samples.quantile(1.0).value() == 0.1 * 29.0);
  CHECK(samples.distribution().mean.value() == Approx(1.449).epsilon(1e-12));
  CHECK(samples.count() == 20'000);
}

TEST_CASE("Percentiles are numpy's") {
  // numpy.percentile([15, 20, 35, 40, 50], [0, 25, 40, 50, 90, 99, 100])
  Samples samples;
  for (const double value : {35.0, 20.0, 50.0, 15.0, 40.0}) samples.add(Seconds(value));
  samples.sort();
  CHECK(samples.quantile(0.0).value() == 15.0);
  CHECK(samples.quantile(0.25).value() == 20.0);
  CHECK(samples.quantile(0.4).value() == Approx(29.0).epsilon(1e-14));
  CHECK(samples.quantile(0.5).value() == 35.0);
  CHECK(samples.quantile(0.9).value() == Approx(46.0).epsilon(1e-14));
  CHECK(samples.quantile(0.99).value() == Approx(49.6).epsilon(1e-14));
  CHECK(samples.quantile(1.0).value() == 50.0);
}

TEST_CASE("The standard deviation is the population's") {
  Samples samples;
  for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) samples.add(Seconds(value));
  samples.sort();
  CHECK(samples.distribution().standard_deviation.value() == Approx(2.0));
  CHECK(samples.distribution().mean.value() == Approx(5.0));
}

TEST_CASE("A weight is as good as that many equal samples") {
  Samples weighted, repeated;
  const std::vector<std::pair<double, int>> values = {{3.0, 5}, {1.0, 40}, {2.0, 1}, {9.0, 3}, {1.0, 2}};
  for (const auto& [value, weight] : values) {
    weighted.add(Seconds(value), static_cast<std::uint64_t>(weight));
    for (int i = 0; i < weight; ++i) repeated.add(Seconds(value));
  }
  weighted.sort();
  repeated.sort();
  REQUIRE(weighted.count() == repeated.count());
  for (int percent = 0; percent <= 100; ++percent) {
    CHECK(weighted.quantile(percent / 100.0).value() == repeated.quantile(percent / 100.0).value());
  }
  CHECK(weighted.distribution().mean == repeated.distribution().mean);
  CHECK(weighted.distribution().standard_deviation == repeated.distribution().standard_deviation);
}

TEST_CASE("The figures of four requests are those computed by hand") {
  const Metrics metrics = compute_metrics(four_requests(), {}, 2);
  CHECK(metrics.submitted == 4);
  CHECK(metrics.completed == 4);
  CHECK(metrics.duration.value() == Approx(9.0));
  CHECK(metrics.total_input_tokens == 400);
  CHECK(metrics.total_output_tokens == 15);
  CHECK(metrics.request_throughput == Approx(4.0 / 9.0));
  CHECK(metrics.request_goodput == metrics.request_throughput);
  CHECK(metrics.output_throughput == Approx(15.0 / 9.0));
  CHECK(metrics.total_token_throughput == Approx(415.0 / 9.0));
  CHECK(metrics.tokens_per_s_per_gpu == Approx(7.5 / 9.0));
  CHECK(metrics.ttft.mean.value() == Approx(3.0));
  CHECK(metrics.ttft.median.value() == Approx(2.5));
  CHECK(metrics.ttft.standard_deviation.value() == Approx(std::sqrt(3.5)));  // squares 4, 1, 0, 9
  CHECK(metrics.ttft.p90.value() == Approx(5.1));
  CHECK(metrics.ttft.p99.value() == Approx(5.91));
  CHECK(metrics.e2el.median.value() == Approx(4.5));
  CHECK(metrics.tokens_per_s_per_user == Approx(1.0 / metrics.tpot.mean.value()));
}

TEST_CASE("A single output token has no time per output token") {
  const Metrics metrics = compute_metrics(four_requests(), {}, 1);
  CHECK(metrics.tpot.samples == 3);
  CHECK(metrics.tpot.mean.value() == Approx(1.75 / 3.0));

  RunLog log;
  log.append(completed(0.0, 1.0, 1.0, 1));
  const Metrics single = compute_metrics(log, slo("tpot", "p99", 0.1), 1);
  CHECK(single.tpot.samples == 0);
  CHECK(single.tokens_per_s_per_user == 0.0);
  CHECK(single.slo_met.at(0).second);
  CHECK_FALSE(value_of(single.slo_met.at(0).first, single));
  CHECK(single.request_goodput == single.request_throughput);
}

TEST_CASE("Warm-ups count in nothing but the steps") {
  RunLog log = four_requests();
  RequestRow warmup = completed(0.0, 50.0, 100.0, 1000);
  warmup.warmup = true;
  warmup.preemptions = 3;
  log.append(warmup);
  StepRow step;
  step.count = 7;
  log.append(step);
  step.count = 1;
  log.append(step);
  const Metrics metrics = compute_metrics(log, {}, 1);
  CHECK(metrics.submitted == 4);
  CHECK(metrics.duration.value() == Approx(9.0));
  CHECK(metrics.preemptions == 0);
  CHECK(metrics.steps == 8);
}

TEST_CASE("Intervals count by their weight") {
  RunLog log;
  log.append(IntervalRow{Seconds(0.010), 98});
  log.append(IntervalRow{Seconds(0.110), 2});
  const Metrics metrics = compute_metrics(log, {}, 1);
  CHECK(metrics.itl.samples == 100);
  CHECK(metrics.itl.mean.value() == Approx(0.012));
  CHECK(metrics.itl.median.value() == Approx(0.010));
  CHECK(metrics.itl.p99.value() == Approx(0.110));  // rank 98.01 of 0..99, both neighbours are slow
}

TEST_CASE("Goodput counts requests that meet every bound themselves") {
  Slo both = slo("ttft", "p99", 3.0);
  both.bounds.push_back({"tpot", "mean", Seconds(0.6)});
  const Metrics metrics =
      compute_metrics(four_requests(), both, 1);  // the first two; the single token meets tpot
  CHECK(metrics.request_goodput == Approx(2.0 / 9.0));
  REQUIRE(metrics.slo_met.size() == 2);
  CHECK_FALSE(metrics.slo_met[0].second);
  CHECK(metrics.slo_met[1].second);  // mean 0.583
}

TEST_CASE("A bound is met at the limit itself") {
  CHECK(compute_metrics(four_requests(), slo("ttft", "median", 2.5), 1).slo_met.at(0).second);
  CHECK_FALSE(compute_metrics(four_requests(), slo("ttft", "median", 2.49), 1).slo_met.at(0).second);
}

TEST_CASE("When all are rejected there are no samples, and no bound is met") {
  RunLog log;
  log.append(rejected(1.0));
  log.append(rejected(2.0));
  const Metrics metrics = compute_metrics(log, slo("ttft", "p99", 1.0), 8);
  CHECK(metrics.submitted == 2);
  CHECK(metrics.rejected == 2);
  CHECK(metrics.duration == Seconds());
  CHECK(metrics.request_throughput == 0.0);
  CHECK(metrics.ttft.samples == 0);
  CHECK_FALSE(metrics.slo_met.at(0).second);
}

TEST_CASE("An empty log has figures of zero") {
  const Metrics metrics = compute_metrics(RunLog(), {}, 1);
  CHECK(metrics.submitted == 0);
  CHECK(metrics.request_goodput == 0.0);
  CHECK(metrics.e2el.samples == 0);
}

TEST_CASE("A bound on an unknown figure is refused") {
  CHECK_THROWS_AS(compute_metrics(four_requests(), slo("ttfb", "p99", 1.0), 1), InputError);
  CHECK_THROWS_AS(compute_metrics(four_requests(), slo("ttft", "p98", 1.0), 1), InputError);
}
