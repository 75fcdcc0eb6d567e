// Scenarios side by side: the survey's table and what it says, then what differs in what was asked for, and
// what came of it, the numbers that differ most first.
#pragma once

#include <string>
#include <vector>

#include "sim/report/summary.hpp"
#include "sim/scenario.hpp"
#include "sim/study/compare/survey.hpp"
#include "sim/study/point.hpp"

namespace switchyard {

struct Comparison {
  struct Column {
    std::string name;
    RunDescription description;
    PointOutcome outcome;
    Json probes;  // what probe() gave; null where it could not run
  };
  struct Row {
    std::string name;                   // of a figure, or a JSON pointer into the scenario
    std::vector<Json> values;           // one a column; null where it has none
    std::optional<double> spread = {};  // spread_of()
    bool equal() const;
  };
  std::vector<Column> columns;
  Survey survey;
  std::vector<std::string> verdict;  // verdict_of()
  std::vector<Row> inputs;           // places of the resolved scenarios whose values differ
  std::vector<Row>
      figures;  // by spread, the largest first; then what differs without one; then what is equal
};

/// Figures are facts of the model ("model.total_parameters", …) and the summary's; those that no column has
/// are left out. As many names, outcomes and probes as scenarios; no probes at all: none are known.
Comparison compare(const std::vector<std::string>& names, const std::vector<Scenario>& scenarios,
                   const std::vector<PointOutcome>& outcomes, const std::vector<Json>& probes = {});

/// (largest - smallest) / largest magnitude; none where they are no numbers, or one.
std::optional<double> spread_of(const std::vector<Json>& values);

/// "ms", "B", "/s" or nothing: what a figure's name says.
std::string unit_of(const std::string& figure);

/// Plain text: what is compared, the survey, the verdict, inputs, figures with their units, and why a
/// scenario has none.
std::string comparison_table(const Comparison& comparison);
/// One row a survey's question ("survey.active_parameters"), input or figure: name, unit, the columns' values
/// in full, spread.
std::string comparison_csv(const Comparison& comparison);
Json comparison_json(const Comparison& comparison);

}  // namespace switchyard
