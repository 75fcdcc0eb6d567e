// How many replicas the demand takes, by answers that are given.
#include "sim/study/plan/confirm.hpp"

#include <catch2/catch.hpp>

#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

/// Has the journal say that a run met the SLO with so much energy, J an output token.
void answer(SmallPlan& plan, const Probe& probe, double energy) {
  const Json figures = {{"slo", Json::array()},
                        {"slo_met", true},
                        {"completed", 100},
                        {"submitted", 100},
                        {"stopped", false},
                        {"mean_ttft_ms", 10.0},
                        {"energy_per_output_token_j", energy}};
  const std::uint64_t key =
      Fingerprints(plan.study.base_folder)
          .of({{"plan", "sure"}}, probe.base->scenario_for(probe.layout, probe.load).json);
  plan.journal.add(key, {"ok", "", figures});
}

/// The replicas that are confirmed, of 2 to start with, when one spends 5 J a token and 2 so much.
std::int64_t confirmed(const std::string& objective, double energy_of_two) {
  Json json = random_plan(1);
  json["objective"] = objective;
  json["slo"] = {{"e2el_p99", "10 s"}};
  SmallPlan plan(json);
  const PlannedLayout planned = layouts_of(plan.bases.front(), plan.study.layouts).front();
  answer(plan, demand_on(plan.study, planned, 1), 5.0);
  answer(plan, demand_on(plan.study, planned, 2), energy_of_two);
  const auto deployments = confirm(plan.study, {{&planned, 2}}, plan.prober);
  REQUIRE(deployments.front());
  return deployments.front()->load.replicas;
}

}  // namespace

TEST_CASE("A replica less is confirmed where it meets the SLO, but not to spend more energy on it") {
  CHECK(confirmed("minimise_gpus", 4.0) == 1);
  CHECK(confirmed("minimise_energy", 6.0) == 1);
  CHECK(confirmed("minimise_energy", 4.0) == 2);
}

}  // namespace switchyard
