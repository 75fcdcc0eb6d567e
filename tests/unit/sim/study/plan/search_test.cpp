// The planner against full search: on small studies drawn at random every layout is bisected at full count.
#include "sim/study/plan/search.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/base/random.hpp"
#include "sim/study/bound/bound.hpp"
#include "sim/study/plan/confirm.hpp"
#include "sim/study/plan/screening.hpp"
#include "tests/support/small_scenarios.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

template <class Value>
const Value& one_of(Random& random, const std::vector<Value>& values) {
  return values[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(values.size()) - 1))];
}

/// A small model, dense or routed, on up to 8 GPUs with round numbers.
Json random_study(std::uint64_t seed) {
  Random random(seed, "studies of plans");
  Json model = random.integer(0, 1) == 0 ? small_dense_model() : small_moe_model(8, 2);
  model["num_hidden_layers"] = random.integer(2, 6);
  const std::int64_t prompt = random.integer(50, 600), output = random.integer(10, 60);
  return {
      {"models", {model}},
      {"gpus", {round_gpu()}},
      {"budget", {{"gpus", one_of<std::int64_t>(random, {2, 4, 8})}}},
      {"workload",
       {{"arrivals", {{"process", "poisson"}, {"rate", 50.0 * static_cast<double>(random.integer(1, 20))}}},
        {"prompt_tokens", {{"distribution", "uniform"}, {"min", 10}, {"max", 2 * prompt}}},
        {"output_tokens", {{"distribution", "uniform"}, {"min", 2}, {"max", 2 * output}}}}},
      {"slo",
       {{"ttft_p99", std::to_string(random.integer(60, 400)) + " ms"},
        {"tpot_p99", std::to_string(random.integer(4, 20)) + " ms"}}},
      {"engine", {{"profile", "vllm"}}},
      {"objective", "maximise_goodput"},
      {"layouts",
       {{"tensor_parallel_size", {1, 2, 4}},
        {"pipeline_parallel_size", {1}},
        {"data_parallel_size", {1, 2, 4}},
        {"max_num_seqs", {256}},
        {"max_num_batched_tokens", {8192, 1024}},
        {"most_gpus_per_replica", 4}}}};
}

/// The most that any layout carries on all GPUs of the budget, each bisected by itself at the final count.
double full_search(const PlanStudy& study, const std::deque<PlanBase>& bases, Prober& prober) {
  std::deque<PlannedLayout> layouts;
  for (const PlannedLayout& planned : layouts_of(bases.front(), study.layouts))
    if (!planned.out()) layouts.push_back(planned);
  Bounds bounds;
  std::vector<HeatSource> heats;
  for (PlannedLayout& planned : layouts) {
    apply_bound(study, planned, bounds);
    if (planned.out()) continue;
    Race::Options options{.step = 1.5, .tolerance = 1.015, .margin = 1.0};
    options.start = planned.most_requests_per_s / 2.0;
    heats.emplace_back([&planned, options](const Heat* before) -> std::optional<Heat> {
      if (before) return std::nullopt;
      return Heat({&planned}, kFinal, options);
    });
  }
  run_heats(prober, heats);
  double best = 0.0;
  for (const PlannedLayout& planned : layouts)
    if (const auto value = objective_of(study, bases.front(), planned.layout.gpus(), planned.carries))
      best = std::max(best, *value);
  return best;
}

/// What full search says of the layout that the planner chose.
double chosen(const PlanStudy& study, const PlannedChain& chain) {
  double best = 0.0;
  for (const auto& [size, planned] : chain.best_of_size)
    if (const auto value = objective_of(study, *chain.base, size, planned->carries))
      best = std::max(best, *value);
  return best;
}

}  // namespace

TEST_CASE("A plan's choice is within 2 % of full search on 20 random small studies", "[slow]") {
  double worst = 1.0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const TemporaryFolder folder;
    const PlanStudy study =
        read_plan_study(folder.write("plan.json", random_study(seed).dump()).string(), "");
    const std::deque<PlanBase> bases = read_bases(study);
    Interruption interruption;
    Journal journal((folder.path() / "journal.jsonl").string());
    Prober prober(journal, 2, interruption, study.base_folder);
    const std::vector<PlannedChain> chains = search(study, bases, prober);
    const double found = chosen(study, chains.front()), best = full_search(study, bases, prober);
    CAPTURE(found, best);
    if (best == 0.0) {
      CHECK(found == 0.0);
      continue;
    }
    worst = std::min(worst, found / best);
    CHECK(found >= 0.98 * best);
  }
  WARN("the least share of full search's goodput: " << worst);
}

}  // namespace switchyard
