// A run that is stopped early would have missed.
#include "sim/study/plan/miss_watch.hpp"

#include <catch2/catch.hpp>

#include "sim/study/plan/probe_run.hpp"
#include "tests/support/in_child.hpp"
#include "tests/support/small_scenarios.hpp"

namespace switchyard {
namespace {

Json loaded(double rate) {
  Json scenario = small_moe();
  scenario["workload"]["arrivals"]["rate"] = rate;
  scenario["workload"]["num_requests"] = 3000;
  scenario["slo"] = {{"ttft_p99", "30 ms"}, {"tpot_p99", "6 ms"}};
  return scenario;
}

/// Whether the SLO is met, and whether the run was cut short.
std::vector<double> outcome_of(const Json& scenario, Until until) {
  return in_child([&] {
    const PointOutcome outcome = run_probe(read(scenario), {}, until);
    return std::vector<double>{outcome.summary["slo_met"] == Json(true) ? 1.0 : 0.0,
                               outcome.summary["stopped"] == Json(true) ? 1.0 : 0.0};
  });
}

}  // namespace

TEST_CASE("A run is cut short only where it would miss the SLO, and overloaded ones are") {
  int cut = 0, met = 0;
  for (const double rate : {20.0, 200.0, 800.0, 1500.0, 3000.0, 20000.0}) {
    CAPTURE(rate);
    const auto sure = outcome_of(loaded(rate), Until::sure), end = outcome_of(loaded(rate), Until::end);
    CHECK(end[1] == 0.0);
    if (sure[1] == 1.0) CHECK(end[0] == 0.0);
    else CHECK(sure[0] == end[0]);
    cut += sure[1] == 1.0;
    met += end[0] == 1.0;
  }
  CHECK(cut > 0);
  CHECK(met > 0);
}

TEST_CASE("Bounds without a date for each request let a run go to its end") {
  Json scenario = loaded(1000.0);
  scenario["slo"] = {{"ttft_median", "1 us"}, {"tpot_mean", "1 us"}};
  MissWatch watch(read(scenario));
  CHECK_FALSE(watch.sure_to_miss({3000, 0, Seconds(1e6)}));
}

}  // namespace switchyard
