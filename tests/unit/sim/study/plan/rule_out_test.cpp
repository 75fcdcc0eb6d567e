// What is proven of layouts, as it goes from process to process.
#include "sim/study/plan/rule_out.hpp"

#include <catch2/catch.hpp>

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

}  // namespace switchyard
