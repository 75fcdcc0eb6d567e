// What is proven of layouts, as it goes from process to process.
#include "sim/study/plan/rule_out.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

Json tight_plan(const std::string& objective) {
  Json json = random_plan(2);
  json["objective"] = objective;
  json["workload"]["arrivals"]["rate"] = 150.0;
  json["layouts"]["max_num_seqs"] = {4, 256};
  return json;
}

void check_same(const PlannedLayout& a, const PlannedLayout& b) {
  CHECK(a.verdict == b.verdict);
  CHECK(a.reason == b.reason);
  CHECK(a.most_requests_per_s == b.most_requests_per_s);
  REQUIRE(a.shortfall.has_value() == b.shortfall.has_value());
  if (!a.shortfall) return;
  CHECK(a.shortfall->bound == b.shortfall->bound);
  CHECK(a.shortfall->limit == b.shortfall->limit);
  CHECK(a.shortfall->value == b.shortfall->value);
}

}  // namespace

TEST_CASE("What the bound says of layouts in one process another takes to the last bit") {
  std::size_t out = 0, left = 0;
  for (const char* objective : {"minimise_gpus", "maximise_goodput"}) {
    SmallPlan plan(tight_plan(objective));
    std::vector<PlannedLayout> asked = layouts_of(plan.bases.front(), plan.study.layouts), told = asked;
    for (PlannedLayout& planned : asked) apply_bound(plan.study, planned, plan.prober);
    const std::vector<std::optional<std::string>> answers = plan.prober.compute(1, [&](std::uint64_t) {
      std::vector<PlannedLayout> there = told;
      for (PlannedLayout& planned : there) apply_bound(plan.study, planned, plan.prober);
      return bounds_json(there).dump();
    });
    REQUIRE(answers.front());
    take_bounds(Json::parse(*answers.front()), told);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      INFO(words_of(asked[i].layout));
      check_same(asked[i], told[i]);
      ++(asked[i].verdict == "bound" ? out : left);
    }
  }
  CHECK(out > 0);
  CHECK(left > 0);
}

TEST_CASE("Tasks are answered in their order, and those whose processes die are not") {
  SmallPlan plan(random_plan(1));
  const auto answers = plan.prober.compute(5, [](std::uint64_t task) {
    if (task == 2) std::raise(SIGKILL);
    return std::to_string(10 * task);
  });
  CHECK(answers == std::vector<std::optional<std::string>>{"0", "10", std::nullopt, "30", "40"});
}

TEST_CASE("A bound is one of all rates") {
  SmallPlan plan(random_plan(1));
  const PlanBase& base = plan.bases.front();
  const Layout layout = layouts_of(base, plan.study.layouts).front().layout;
  const auto remembered = [&](double rate) { return *plan.prober.bound_of({&base, layout, {1, rate, 50}}); };
  for (const double rate : {7.0, 300.0}) {
    const Bound bound = remembered(rate), own = bound_of(base.scenario_for(layout, {1, rate, 50}));
    CHECK(bound.ttft == own.ttft);
    CHECK(bound.least.tpot.mean == own.least.tpot.mean);
    CHECK(bound.requests_per_s_within_slo == own.requests_per_s_within_slo);
    CHECK(bound.offered_per_s_within_slo == Approx(own.offered_per_s_within_slo).epsilon(1e-9));
  }
  CHECK(plan.prober.bound_of({&base, layout, {2, 7.0, 50}})->requests_per_s_within_slo ==
        Approx(2.0 * remembered(7.0).requests_per_s_within_slo));
  CHECK(plan.prober.bound_of({&base, layout, {1, 7.0, 60}})->least.submitted == 60);
}

}  // namespace switchyard
