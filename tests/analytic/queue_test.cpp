// Queues with known answers: M/D/1, and closed loops whose cycle can be written down.
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

/// One server with a fixed service time: one slot, whole prompts of one length, one output token.
Json one_slot() {
  Json json = small_dense();
  json["engine"] = {{"scheduler", "prefill_first"}, {"max_num_seqs", 1}};
  json["workload"]["prompt_tokens"] = {{"distribution", "fixed"}, {"value", 256}};
  json["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 1}};
  return json;
}

Seconds service_time(const Json& json) {
  const Run lone = run(with(json, "/workload/num_requests", 1));
  return *lone.requests.front().finish - lone.requests.front().arrival;
}

struct Interval {
  double mean = 0.0, half_width = 0.0;
};

/// Mean of a correlated series and its 99 % interval by 40 batch means, after leaving out the first tenth.
Interval batch_means(const std::vector<double>& series) {
  constexpr std::size_t kBatches = 40;
  constexpr double kStudent = 2.708;  // 0.995 quantile, 39 degrees of freedom
  const std::size_t skipped = series.size() / 10;
  const std::size_t length = (series.size() - skipped) / kBatches;
  std::vector<double> means;
  for (std::size_t b = 0; b < kBatches; ++b) {
    const auto first = series.begin() + static_cast<std::ptrdiff_t>(skipped + b * length);
    means.push_back(std::accumulate(first, first + static_cast<std::ptrdiff_t>(length), 0.0) /
                    static_cast<double>(length));
  }
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / kBatches;
  double squares = 0.0;
  for (double m : means) squares += (m - mean) * (m - mean);
  return {mean, kStudent * std::sqrt(squares / (kBatches - 1) / kBatches)};
}

}  // namespace

TEST_CASE("Poisson arrivals at a server of fixed service time wait as M/D/1 says", "[analytic]") {
  // Pollaczek-Khinchine: mean wait = rho D / (2 (1 - rho)).
  Json json = one_slot();
  const double service = service_time(json).value();
  json["workload"]["num_requests"] = 50000;
  for (double utilisation : {0.5, 0.8}) {
    json["workload"]["arrivals"] = {{"process", "poisson"}, {"rate", utilisation / service}};
    const Run result = run(json);
    std::vector<double> waits;
    for (const RequestRow& row : result.requests)
      waits.push_back((*row.first_token - row.arrival).value() - service);
    const Interval wait = batch_means(waits);
    const double expected = utilisation * service / (2.0 * (1.0 - utilisation));
    INFO("utilisation " << utilisation << ": " << wait.mean << " +- " << wait.half_width << " against "
                        << expected);
    CHECK(std::abs(wait.mean - expected) <= wait.half_width);
    CHECK(wait.half_width < 0.1 * expected);  // the interval says something
  }
}

TEST_CASE("Evenly spaced arrivals below capacity never wait", "[analytic]") {
  Json json = one_slot();
  const Seconds service = service_time(json);
  json["workload"]["arrivals"] = {{"process", "uniform"}, {"rate", 0.9 / service.value()}};
  json["workload"]["num_requests"] = 500;
  for (const RequestRow& row : run(json).requests)
    CHECK((*row.finish - row.arrival).value() == Approx(service.value()).epsilon(1e-9));
}

TEST_CASE("A closed loop at one server completes one request a service time, whatever is in flight",
          "[analytic]") {
  Json json = one_slot();
  const double service = service_time(json).value();
  for (std::int64_t in_flight : {1, 2, 7}) {
    json["workload"]["arrivals"] = {{"process", "concurrency"}, {"value", in_flight}};
    const Run result = run(json);
    CHECK(result.metrics.request_throughput == Approx(1.0 / service).epsilon(1e-9));
    const RequestRow& later = result.requests[40];  // long after the first wave: waits for all the others
    CHECK((*later.finish - later.arrival).value() ==
          Approx(static_cast<double>(in_flight) * service).epsilon(1e-9));
  }
}

TEST_CASE("A closed loop of equal requests turns in waves: throughput is concurrency over the cycle",
          "[analytic]") {
  Json json = small_dense();
  json["workload"]["prompt_tokens"] = {{"distribution", "fixed"}, {"value", 100}};
  json["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 16}};
  json["workload"]["arrivals"] = {{"process", "concurrency"}, {"value", 8}};
  json["workload"]["num_requests"] = 80;
  const Run result = run(json);
  const double cycle = (*result.requests.front().finish - result.requests.front().arrival).value();
  CHECK(result.metrics.request_throughput == Approx(8.0 / cycle).epsilon(1e-9));
  CHECK(result.metrics.steps == 10 * 16);
  for (const RequestRow& row : result.requests)
    CHECK((*row.finish - row.arrival).value() == Approx(cycle).epsilon(1e-9));
}
