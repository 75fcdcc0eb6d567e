// The planner against full search: on small studies drawn at random every layout is bisected at full count.
#include "sim/study/plan/search.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/study/plan/rule_out.hpp"
#include "sim/study/plan/screening.hpp"
#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

/// The most that any layout carries on all GPUs of the budget, each bisected by itself at the final count.
double full_search(const PlanStudy& study, const std::deque<PlanBase>& bases, Prober& prober) {
  std::deque<PlannedLayout> layouts;
  for (const PlannedLayout& planned : layouts_of(bases.front(), study.layouts))
    if (!planned.out()) layouts.push_back(planned);
  std::vector<HeatSource> heats;
  for (PlannedLayout& planned : layouts) {
    apply_bound(study, planned, prober);
    if (planned.out()) continue;
    Race::Options options{.step = 1.5, .tolerance = 1.015, .margin = 1.0};
    options.start = planned.most_requests_per_s / 2.0;
    heats.push_back(heat_alone(planned, kFinal, options));
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
    SmallPlan plan(random_plan(seed));
    const std::vector<PlannedChain> chains = search(plan.study, plan.bases, plan.prober);
    const double found = chosen(plan.study, chains.front());
    const double best = full_search(plan.study, plan.bases, plan.prober);
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
