// The bank against its reference, where the kernels run for every token of a step: they differ by chance
// alone.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/small_scenarios.hpp"

namespace switchyard {
namespace {

StepAnswer answer(Json scenario, const char* mode, const StepQuery& query) {
  scenario["routing"]["mode"] = mode;
  return time_step(System(read(scenario), Scope::step), query);
}

double step_ms(const Json& scenario, const char* mode, const StepQuery& query) {
  return answer(scenario, mode, query).breakdown.total().value() * 1e3;
}

void check_within_one_percent(const Json& scenario, const StepQuery& query) {
  const double bank = step_ms(scenario, "bank", query), exact = step_ms(scenario, "exact", query);
  INFO("decode " << query.decode << ", prefill " << query.prefill << ": bank " << bank << " ms, exact "
                 << exact << " ms");
  CHECK(bank == Approx(exact).epsilon(0.01));
}

Json on_h100(const char* model, std::int64_t nodes) {
  return {{"model", model},
          {"cluster", {{"gpu", "h100_sxm"}, {"gpus_per_node", 8}, {"nodes", nodes}}},
          {"deployment", {{"data_parallel_size", 8 * nodes}, {"enable_expert_parallel", true}}}};
}

}  // namespace

TEST_CASE("Bank and exact give step times within 1 % for mixtral-8x7b") {
  const Json scenario = on_h100("mixtral-8x7b", 1);
  for (const std::int64_t decode : {1, 8, 32, 128}) check_within_one_percent(scenario, {decode, 0, 1000});
  check_within_one_percent(scenario, {0, 512, 0});
}

TEST_CASE("Bank and exact give step times within 1 % for deepseek-v3 on 32 GPUs", "[slow]") {
  const Json scenario = on_h100("deepseek-v3", 4);
  for (const std::int64_t decode : {1, 8, 32}) check_within_one_percent(scenario, {decode, 0, 1000});
  check_within_one_percent(scenario, {0, 128, 0});
}

TEST_CASE("Exact routing is the same each time, step by step or steps together, and conserves tokens") {
  const Json scenario = with(with(small_moe(), "/routing/mode", "exact"), "/workload/num_requests", 40);
  const Run once = run(scenario), again = run(scenario), singly = run(scenario, {.advance_together = false});
  CHECK(once.steps_csv == again.steps_csv);
  CHECK(once.requests_csv == singly.requests_csv);
  CHECK(once.steps_csv != run(with(scenario, "/seed", 2)).steps_csv);
  CHECK(once.steps_csv != run(with(scenario, "/routing/mode", "bank")).steps_csv);
}

}  // namespace switchyard
