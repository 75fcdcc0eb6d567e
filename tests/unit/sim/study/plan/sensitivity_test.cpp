// What a change does to the best deployments, on plans small enough to simulate.
#include "sim/study/plan/sensitivity.hpp"

#include <catch2/catch.hpp>
#include <numbers>

#include "sim/study/plan/winners.hpp"
#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

/// A dense model, or several, of one GPU on GPUs that draw power, at a low demand.
Json small_plan(const Json& members) {
  Json gpu = round_gpu();
  gpu["power"] = {{"source", "round numbers for tests"},
                  {"idle", 0.2},
                  {"active", 0.1},
                  {"compute", 1.2},
                  {"memory", 0.6}};
  Json json = {{"models", {small_dense_model()}},
               {"gpus", {gpu}},
               {"budget", {{"gpus", 4}}},
               {"workload",
                {{"arrivals", {{"process", "poisson"}, {"rate", 40}}},
                 {"prompt_tokens", {{"distribution", "uniform"}, {"min", 10}, {"max", 200}}},
                 {"output_tokens", {{"distribution", "uniform"}, {"min", 2}, {"max", 20}}}}},
               {"slo", {{"ttft_p99", "400 ms"}, {"tpot_p99", "40 ms"}}},
               {"objective", "minimise_gpus"},
               {"layouts",
                {{"tensor_parallel_size", {1}},
                 {"pipeline_parallel_size", {1}},
                 {"max_num_seqs", {256}},
                 {"max_num_batched_tokens", {8192}}}}};
  json.update(members);
  return json;
}

Json named_model(const std::string& name) {
  Json model = small_dense_model();
  model["name"] = name;
  return model;
}

/// Chains whose first layout is the best, on one GPU; of the objective's figures those given.
std::vector<PlannedChain> chains_of(const SmallPlan& plan, const std::vector<double>& objectives,
                                    double goodput) {
  std::vector<PlannedChain> chains;
  for (std::size_t i = 0; i < plan.bases.size(); ++i) {
    PlannedChain chain;
    chain.base = &plan.bases[i];
    chain.layouts = layouts_of(plan.bases[i], plan.study.layouts);
    PlannedDeployment best{&plan.bases[i], chain.layouts.front().layout, {1, 40.0, 100}, {}, goodput,
                           objectives[i]};
    chain.best = best;
    chains.push_back(std::move(chain));
  }
  return chains;
}

Json change_of(const Json& sensitivity, const std::string& text) {
  for (const Json& change : sensitivity)
    if (change["change"] == text) return change;
  FAIL("no change " << text);
  return {};
}

}  // namespace

TEST_CASE("Of models that take as many GPUs the cheaper stays the best under a change, as in the plan") {
  Json dear = round_gpu(), cheap = round_gpu();
  dear["name"] = "dear";
  cheap["name"] = "cheap";
  SmallPlan plan(small_plan({{"models", {named_model("first"), named_model("second")}},
                             {"gpus", {dear, cheap}},
                             {"prices", {{"dear", 4.0}, {"cheap", 2.0}}}}));
  std::vector<PlannedChain> chains = chains_of(plan, {1.0, 1.0, 1.0, 1.0}, 100.0);
  chains[1].best.reset();  // of the first model the dear one is left
  chains[2].best->goodput = 50.0;
  chains[3].best->goodput = 50.0;
  const auto winners = winners_of(plan.study, chains);
  REQUIRE(winners.front().deployment.base == &plan.bases[3]);
  const Json change =
      change_of(sensitivity_json(plan.study, chains, plan.prober), "half the network bandwidth");
  CHECK(change["winner"] == "second");
  CHECK(change["winner_changes"] == false);
  CHECK(change["values"][1]["gpu"] == "cheap");
}

TEST_CASE("A change of the best within what two races tell apart is called a tie, and no other") {
  Json gpu = round_gpu();
  gpu["nvlink"] = "5 GB/s";
  SmallPlan plan(small_plan({{"models", {named_model("cut"), named_model("whole")}},
                             {"gpus", {gpu}},
                             {"objective", "maximise_goodput"},
                             {"layouts", {{"tensor_parallel_size", {1, 2}}}}}));
  std::vector<PlannedChain> chains = chains_of(plan, {100.0, 99.0}, 100.0);
  chains[0].best->layout = chains[0].layouts.back().layout;
  const std::string slow = "half the network bandwidth";
  const auto asked = [&] { return change_of(sensitivity_json(plan.study, chains, plan.prober), slow); };
  const double after = asked()["values"][0]["objective"].get<double>();
  const auto error = [&](std::size_t i) { return winner_of(*chains[i].best).error; };
  // Two races may end 4 % apart, and each of the two goodputs comes of two.
  const double within = joint_error(error(0), error(1), 0.04 * std::numbers::sqrt2);
  REQUIRE((1.0 + within) * after < 95.0);
  const std::string text = "With " + slow + " the best is whole instead of cut";
  chains[1].best->objective = (1.0 + 0.99 * within) * after;
  CHECK(asked()["text"] == text + ", a tie within the errors stated.");
  chains[1].best->objective = (1.0 + 1.01 * within) * after;
  CHECK(asked()["text"] == text + ".");
}

TEST_CASE(
    "Replicas that carry the demand by what one carries have no objective where together they miss the SLO") {
  // As if one GPU carried 2.5 times the demand: with what the change leaves of that it is simulated, and
  // misses.
  const double demand = 4000.0;
  Json json = small_plan({{"objective", "minimise_energy"}, {"budget", {{"gpus", 1}}}});
  json["workload"]["arrivals"]["rate"] = demand;
  SmallPlan heavy(json);
  const Json sensitivity = sensitivity_json(heavy.study, chains_of(heavy, {1.0}, 2.5 * demand), heavy.prober);
  const Json value = change_of(sensitivity, "outputs twice as long")["values"][0];
  CHECK(value["objective"].is_null());
  CHECK(value["reason"] == "misses the SLO");
}

TEST_CASE("A change after which no model's best deployments meet the SLO says so, and why") {
  SmallPlan plan(small_plan({{"slo", {{"ttft_p99", "0.001 ms"}}}}));
  const Json sensitivity = sensitivity_json(plan.study, chains_of(plan, {1.0}, 100.0), plan.prober);
  const Json change = change_of(sensitivity, "prompts half as long");
  CHECK(change["values"][0]["objective"].is_null());
  CHECK(change["values"][0]["reason"] == "misses the SLO at any load");
  CHECK(change["winner"].is_null());
  CHECK(change["winner_changes"] == true);
  CHECK(change["text"] ==
        "With prompts half as long no model is left whose best deployments meet the SLO within the budget "
        "(misses the SLO at any load).");
}

TEST_CASE("A change that cannot be held against the unchanged deployment is not said to leave no model") {
  Json json = small_plan({{"slo", {{"ttft_p99", "3 ms"}}}});  // met by prompts half as long alone
  json["workload"]["prompt_tokens"] = {{"distribution", "fixed"}, {"value", 3000}};
  SmallPlan plan(json);
  const Json change = change_of(sensitivity_json(plan.study, chains_of(plan, {1.0}, 100.0), plan.prober),
                                "prompts half as long");
  CHECK(change["winner"].is_null());
  CHECK(change["winner_changes"] == false);
  CHECK(change["text"] ==
        "With prompts half as long nothing can be said (unchanged: misses the SLO at any load).");
}

TEST_CASE("A plan in which nothing meets the SLO has no changes to tell of") {
  SmallPlan plan(small_plan(Json::object()));
  std::vector<PlannedChain> chains = chains_of(plan, {1.0}, 100.0);
  chains.front().best.reset();
  CHECK(sensitivity_json(plan.study, chains, plan.prober) == Json::array());
}

TEST_CASE("Requests that a change makes longer than the model's context have no objective, and say why") {
  Json json = small_plan(Json::object());
  json["workload"]["prompt_tokens"]["max"] = 5000;
  SmallPlan plan(json);
  const Json change = change_of(sensitivity_json(plan.study, chains_of(plan, {1.0}, 100.0), plan.prober),
                                "prompts twice as long");
  CHECK(change["values"][0]["objective"].is_null());
  CHECK_THAT(change["values"][0]["reason"].get<std::string>(),
             Catch::Contains("10020 tokens exceed the model's context of 8192"));
  CHECK(change["winner_changes"] == true);
}

TEST_CASE("A budget in $ an hour has room for fewer GPUs that get dearer, and for more that get cheaper") {
  const Json prices = {{"round", 2.0}};
  SmallPlan least(small_plan({{"budget", {{"usd_per_hour", 2.1}}}, {"prices", prices}}));
  const Json fewer = sensitivity_json(least.study, chains_of(least, {1.0}, 100.0), least.prober);
  const Json dearer = change_of(fewer, "round 20 % dearer")["values"][0];
  CHECK(dearer["objective"].is_null());
  CHECK(dearer["reason"] == "beyond the budget");
  CHECK(change_of(fewer, "round 20 % cheaper")["values"][0]["objective"] == 1.0);
  SmallPlan most(small_plan(
      {{"budget", {{"usd_per_hour", 3.5}}}, {"prices", prices}, {"objective", "maximise_goodput"}}));
  const Json more = sensitivity_json(most.study, chains_of(most, {100.0}, 100.0), most.prober);
  CHECK(change_of(more, "round 20 % cheaper")["values"][0]["objective"] == 200.0);
}

}  // namespace switchyard
