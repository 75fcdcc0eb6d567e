// What a completion sends is dispatched by the loads after the step, and links that replicas share are found.
#include <catch2/catch.hpp>

#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

TEST_CASE("With as many requests in flight as replicas, none ever serves two while another is idle",
          "[laws]") {
  Json scenario = with(small_dense(), "/deployment", {{"replicas", 4}});
  scenario["workload"]["arrivals"] = {{"process", "concurrency"}, {"value", 4}};
  const Run result = run(scenario);
  CHECK(result.metrics.completed == 80);
  for (const StepRow& step : result.steps) CHECK(step.running + step.waiting <= 1);
}

TEST_CASE("Figures of steps leave the warm-ups out", "[laws]") {
  Json scenario = small_dense();
  scenario["workload"]["arrivals"] = {{"process", "concurrency"}, {"value", 4}};
  const Run plain = run(scenario);
  scenario["workload"]["num_warmups"] = 20;
  const Run warmed = run(scenario);
  CHECK(warmed.metrics.completed == plain.metrics.completed);
  CHECK(static_cast<double>(warmed.metrics.steps) < static_cast<double>(plain.metrics.steps) * 1.25);
  const Seconds first_counted = warmed.requests[20].arrival;
  for (const StepRow& step : warmed.steps) CHECK(step.start >= first_counted);
}

TEST_CASE("Replicas whose pairwise exchanges meet on leaf uplinks are found to share links", "[laws]") {
  Json scenario = small_scenario(small_moe_model(16, 2));
  scenario["cluster"]["nodes"] = 4;
  scenario["deployment"] = {{"replicas", 2}, {"data_parallel_size", 16}, {"enable_expert_parallel", true}};
  scenario["deployment"]["all2all_backend"] = "pairwise";
  CHECK(System(read(scenario), Scope::serving).replicas_share_links());
  scenario["cluster"]["nodes"] = 2;
  scenario["deployment"]["replicas"] = 1;
  CHECK_FALSE(System(read(scenario), Scope::serving).replicas_share_links());
}
