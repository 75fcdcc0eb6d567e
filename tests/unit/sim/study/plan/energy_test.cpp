// The least energy a token against full search: every layout, every number of replicas, at the demand.
#include "sim/study/plan/energy.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/study/plan/screening.hpp"
#include "sim/study/plan/table.hpp"
#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

/// A model of 32 experts that one GPU does not hold, so that ways to cut it compete, on up to 4 GPUs that
/// draw some of their power when idle.
Json random_study(std::uint64_t seed) {
  Random random(seed, "studies of energy");
  Json model = small_moe_model(32, 4), gpu = round_gpu();
  model["num_hidden_layers"] = random.integer(8, 12);
  gpu.update({{"memory", "6 GB"}, {"memory_bandwidth", "1 TB/s"}, {"peak", {{"bf16", "100 TFLOPS"}}}});
  gpu["power"] = {{"source", "round numbers for tests"},
                  {"idle", 0.05 * static_cast<double>(random.integer(1, 8))},
                  {"active", 0.1},
                  {"compute", 1.2},
                  {"memory", 0.6}};
  return {{"models", {model}},
          {"gpus", {gpu}},
          {"budget", {{"gpus", 4}}},
          {"workload",
           {{"arrivals", {{"process", "poisson"}, {"rate", random.integer(10, 80)}}},
            {"prompt_tokens", {{"distribution", "uniform"}, {"min", 10}, {"max", random.integer(100, 1200)}}},
            {"output_tokens", {{"distribution", "uniform"}, {"min", 2}, {"max", random.integer(20, 120)}}}}},
          {"slo", {{"ttft_p99", "800 ms"}, {"tpot_p99", "40 ms"}}},
          {"objective", "minimise_energy"},
          {"layouts",
           {{"tensor_parallel_size", {1, 2, 4}},
            {"pipeline_parallel_size", {1, 2}},
            {"data_parallel_size", {1, 2, 4}},
            {"max_num_seqs", {256}},
            {"max_num_batched_tokens", {8192, 512}}}}};
}

/// None: nothing meets the SLO within the budget.
std::optional<double> full_search(const PlanStudy& study, const PlanBase& base, Prober& prober) {
  const double demand = demand_of(study, base);
  std::vector<Probe> probes;
  for (const PlannedLayout& planned : layouts_of(base, study.layouts))
    for (std::int64_t replicas = 1; !planned.out() && replicas * planned.layout.gpus() <= base.most_gpus();
         ++replicas)
      probes.push_back({&base, planned.layout, {replicas, demand, requests_for(base, kFinal, demand)}});
  std::optional<double> least;
  for (const Reading& reading : prober.read(probes))
    if (reading.met) {
      const double energy = reading.figure("energy_per_output_token_j");
      least = std::min(least.value_or(energy), energy);
    }
  return least;
}

/// A chain whose best has the first layout that fits, on so many replicas, and is worse than any other.
PlannedChain started_chain(const SmallPlan& plan, std::int64_t replicas) {
  PlannedChain chain;
  chain.base = &plan.bases.front();
  chain.layouts = layouts_of(*chain.base, plan.study.layouts);
  const auto first = std::find_if(chain.layouts.begin(), chain.layouts.end(),
                                  [](const PlannedLayout& planned) { return !planned.out(); });
  const double demand = demand_of(plan.study, *chain.base);
  chain.best = PlannedDeployment{chain.base, first->layout, {replicas, demand, 100}, {}, demand, 1e9};
  return chain;
}

/// Of a model that one GPU holds, on up to three: one cut, under four limits of a step's tokens.
Json small_energy_study() {
  Json json = random_study(1);
  json["models"] = {small_dense_model()};
  json["budget"]["gpus"] = 3;
  json["layouts"]["max_num_batched_tokens"] = {8192, 2048, 1024, 512};
  json["workload"]["arrivals"]["rate"] = 40;
  json["layouts"]["tensor_parallel_size"] = json["layouts"]["pipeline_parallel_size"] = {1};
  return json;
}

}  // namespace

TEST_CASE("A layout that the search for energy simulates at the demand is not called one not simulated") {
  SmallPlan plan(small_energy_study());
  std::vector<PlannedChain> chains = {started_chain(plan, 2)};
  save_energy(plan.study, chains, plan.prober);
  REQUIRE(chains[0].best->objective < 1e9);
  const std::string csv = plan_csv(plan.study, chains);
  CAPTURE(csv);
  CHECK(csv.find("not simulated") == std::string::npos);
  CHECK(csv.find("best,simulated whole") != std::string::npos);
  CHECK(counts_of(chains).simulated_layouts == 4);
}

TEST_CASE("A layout that is a finalist for energy with two numbers of replicas races once") {
  Json json = small_energy_study();
  json["layouts"]["max_num_batched_tokens"] = {8192};
  SmallPlan plan(json);
  std::vector<PlannedChain> chains = {started_chain(plan, 2)};
  save_energy(plan.study, chains, plan.prober);
  const PlannedLayout& planned = chains[0].layouts.front();
  // Two replicas spend less than three, so it is their race: from their share of the demand.
  PlannedLayout alone = planned;
  Race::Options options{.step = 1.12, .tolerance = 1.05, .margin = 1.0};
  options.start = demand_of(plan.study, *planned.base) / 2.0;
  run_heats(plan.prober, {heat_alone(alone, kFinal, options)});
  CHECK(planned.carries == alone.carries);
  CHECK(planned.carries_not == alone.carries_not);
}

TEST_CASE("A plan's least energy is within 2 % of full search on 4 random small studies", "[slow]") {
  double worst = 1.0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    SmallPlan plan(random_study(seed));
    const std::vector<PlannedChain> chains = search(plan.study, plan.bases, plan.prober);
    const std::optional<double> best = full_search(plan.study, plan.bases.front(), plan.prober);
    REQUIRE(best.has_value() == chains.front().best.has_value());
    if (!best) continue;
    const double found = chains.front().best->objective;
    CAPTURE(found, *best);
    REQUIRE(*best > 0.0);
    worst = std::max(worst, found / *best);
    CHECK(found <= 1.02 * *best);
  }
  WARN("the most energy over full search's: " << worst);
}

}  // namespace switchyard
