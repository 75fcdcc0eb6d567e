// What candidates share.
#include "sim/study/plan/bases.hpp"

#include <catch2/catch.hpp>

#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

Layout layout_of(std::int64_t tensor_parallel_size) {
  Layout layout{{}, 256, 1024};
  layout.deployment.tensor_parallel_size = tensor_parallel_size;
  return layout;
}

}  // namespace

TEST_CASE("A bound is made once for all rates, and is that of each") {
  SmallPlan plan(random_plan(1));
  const PlanBase& base = plan.bases.front();
  const Layout layout = layout_of(1);
  Bounds bounds;
  const std::optional<Bound>& bound = base.bound_of(layout, {1, 7.0, 50}, bounds);
  CHECK(&base.bound_of(layout, {1, 300.0, 50}, bounds) == &bound);
  for (const double rate : {7.0, 300.0}) {
    const Bound own = bound_of(base.scenario_for(layout, {1, rate, 50}));
    CHECK(bound->ttft == own.ttft);
    CHECK(bound->least.tpot.mean == own.least.tpot.mean);
    CHECK(bound->requests_per_s_within_slo == own.requests_per_s_within_slo);
    CHECK(bound->offered_per_s_within_slo == own.offered_per_s_within_slo);
  }
  const auto within_slo = [&](std::int64_t replicas) {
    return base.bound_of(layout, {replicas, 7.0, 50}, bounds)->requests_per_s_within_slo;
  };
  CHECK(within_slo(2) == Approx(2.0 * within_slo(1)));
  CHECK(base.bound_of(layout, {1, 7.0, 60}, bounds)->least.submitted == 60);
}

TEST_CASE("Another network has bounds of its own") {
  SmallPlan plan(random_plan(1));
  PlanBase& base = plan.bases.front();
  const Layout layout = layout_of(4);
  Bounds bounds;
  const Bound before = *base.bound_of(layout, {1, 7.0, 50}, bounds);
  base.scale_network(0.01);
  CHECK(base.bound_of(layout, {1, 7.0, 50}, bounds)->ttft > before.ttft);
}

}  // namespace switchyard
