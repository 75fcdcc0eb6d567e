// Comparisons of outcomes made by hand.
#include "sim/study/compare/comparison.hpp"

#include <catch2/catch.hpp>

using namespace switchyard;
using Catch::Contains;

namespace {

Scenario scenario_of(const Json& json) { return read_scenario(json, "s.json", "."); }

/// Two scenarios that differ in the seed and a limit, and outcomes with these summaries.
Comparison compared(const Json& left, const Json& right) {
  const std::vector<Scenario> scenarios = {
      scenario_of({{"model", "llama-3.1-8b"}}),
      scenario_of({{"model", "llama-3.1-8b"}, {"seed", 2}, {"engine", {{"max_num_seqs", 8}}}})};
  const auto outcome = [](const Json& summary) {
    return summary.is_null() ? PointOutcome{"infeasible", "does not fit", nullptr}
                             : PointOutcome{"ok", "", summary};
  };
  return compare({"left", "right"}, scenarios, {outcome(left), outcome(right)});
}

std::vector<std::string> names_of(const std::vector<Comparison::Row>& rows) {
  std::vector<std::string> names;
  for (const Comparison::Row& row : rows)
    if (!row.name.starts_with("model.")) names.push_back(row.name);
  return names;
}

}  // namespace

TEST_CASE("Rows are ordered by their spread, then come those without one, then equal ones") {
  const Comparison comparison = compared(
      {{"same", 5}, {"little", 99}, {"word", "a"}, {"only", nullptr}, {"much", -2}, {"none", nullptr}},
      {{"same", 5}, {"little", 100}, {"word", "b"}, {"only", 3}, {"much", 2}, {"none", nullptr}});
  CHECK(names_of(comparison.figures) == std::vector<std::string>{"much", "little", "word", "only", "same"});
  CHECK(*comparison.figures[0].spread == 2.0);
  CHECK(*comparison.figures[1].spread == Approx(0.01));
  CHECK_FALSE(comparison.figures[2].spread);
}

TEST_CASE("Inputs are the places of the resolved scenarios that differ") {
  const Comparison comparison = compared({{"a", 1}}, {{"a", 1}});
  CHECK(names_of(comparison.inputs) == std::vector<std::string>{"/engine/max_num_seqs", "/seed"});
  CHECK(comparison.inputs[0].values == std::vector<Json>{256, 8});
  const std::string table = comparison_table(comparison);
  CHECK_THAT(table, Contains("/engine/max_num_seqs") && Contains("256") && Contains("the same: "));
}

TEST_CASE("Values stand with their units and a readable number of digits") {
  const std::string table = comparison_table(
      compared({{"mean_ttft_ms", 1234.5}, {"memory", {{"kv_pool_bytes", 57.66e9}}}, {"share", 0.1234}},
               {{"mean_ttft_ms", 12.345}, {"memory", {{"kv_pool_bytes", 1e3}}}, {"share", 1.0}}));
  for (const char* cell : {"1234 ms", "12.3 ms", "57.7 GB", "1000 B", " 0.123 ", " 99 %"})
    CHECK_THAT(table, Contains(cell));
}

TEST_CASE("A scenario without figures has its verdict and reason, and the model's facts") {
  const Comparison comparison = compared({{"completed", 1}}, nullptr);
  const std::string table = comparison_table(comparison);
  CHECK_THAT(table, Contains("infeasible") && Contains("right is infeasible: does not fit"));
  CHECK_THAT(table, Contains("model.total_parameters 8.03 G"));
  CHECK_THAT(comparison_csv(comparison), Contains("reason,,,does not fit,"));
  CHECK(comparison_json(comparison)["scenarios"][1]["verdict"] == "infeasible");
}
