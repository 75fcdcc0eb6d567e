// Rows from the resolved scenarios and the summaries, and their order.
#include "sim/study/compare/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "sim/base/ensure.hpp"
#include "sim/study/compare/verdict.hpp"
#include "sim/study/figures.hpp"
#include "sim/summarise.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

/// Before any traffic, of the whole model in the formats it is served in; flops of a token on an empty cache.
Json model_facts(const Scenario& scenario) {
  const ParameterCount parameters = count_parameters(scenario.model);
  return {{"total_parameters", parameters.total},
          {"active_parameters", parameters.active},
          {"weight_bytes", weight_bytes(scenario.model, scenario.precision.weights).value()},
          {"kv_bytes_per_token", kv_bytes_per_token(scenario.model, scenario.precision.kv_cache).value()},
          {"flops_per_token", flops_per_token(scenario.model, 0).value()}};
}

/// The values of a scenario by JSON pointer; lists stay whole.
void add_inputs(Figures& inputs, const Json::json_pointer& place, const Json& value) {
  if (!value.is_object()) {
    inputs.emplace_back(place.to_string(), value);
    return;
  }
  for (const auto& [key, member] : value.items()) add_inputs(inputs, place / key, member);
}

/// One row a name that some column has a value for.
std::vector<Comparison::Row> rows_of(const std::vector<Figures>& columns) {
  FigureNames names;
  std::vector<std::unordered_map<std::string, Json>> values;
  for (const Figures& figures : columns) {
    names.merge(figures);
    values.emplace_back(figures.begin(), figures.end());
  }
  std::vector<Comparison::Row> rows;
  for (const std::string& name : names.names()) {
    Comparison::Row row{name, {}};
    for (auto& column : values) row.values.push_back(column[name]);
    row.spread = spread_of(row.values);
    const auto is_null = [](const Json& value) { return value.is_null(); };
    if (!std::all_of(row.values.begin(), row.values.end(), is_null)) rows.push_back(std::move(row));
  }
  return rows;
}

void add_survey(Comparison& comparison, const std::vector<Scenario>& scenarios) {
  std::vector<Subject> subjects;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    const Comparison::Column& column = comparison.columns[i];
    subjects.push_back({column.name, scenarios[i], column.outcome.summary, column.probes});
  }
  comparison.survey = survey_of(subjects);
  comparison.verdict = verdict_of(subjects);
}

/// What sorts first is smaller.
double order_of(const Comparison::Row& row) {
  if (row.equal()) return 2.0;
  return row.spread && *row.spread > 0.0 ? -*row.spread : 1.0;
}

}  // namespace

std::optional<double> spread_of(const std::vector<Json>& values) {
  std::vector<double> numbers;
  for (const Json& value : values) {
    if (value.is_number()) numbers.push_back(value.get<double>());
    else if (!value.is_null()) return std::nullopt;
  }
  if (numbers.size() < 2) return std::nullopt;
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  const double magnitude = std::max(std::fabs(*least), std::fabs(*most));
  return magnitude > 0.0 ? (*most - *least) / magnitude : 0.0;
}

bool Comparison::Row::equal() const {
  return std::all_of(values.begin(), values.end(),
                     [&](const Json& value) { return value == values.front(); });
}

Comparison compare(const std::vector<std::string>& names, const std::vector<Scenario>& scenarios,
                   const std::vector<PointOutcome>& outcomes, const std::vector<Json>& probes) {
  ensure(names.size() == scenarios.size() && names.size() == outcomes.size() &&
             (probes.empty() || probes.size() == names.size()),
         "every scenario has its outcome");
  Comparison comparison;
  std::vector<Figures> inputs(names.size()), figures(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    comparison.columns.push_back(
        {names[i], describe(scenarios[i]), outcomes[i], probes.empty() ? Json() : probes[i]});
    add_inputs(inputs[i], Json::json_pointer(), scenarios[i].json);
    figures[i] = figures_of(Json{{"model", model_facts(scenarios[i])}});
    const Figures of_run = figures_of(outcomes[i].summary);
    figures[i].insert(figures[i].end(), of_run.begin(), of_run.end());
  }
  add_survey(comparison, scenarios);
  comparison.inputs = rows_of(inputs);
  std::erase_if(comparison.inputs, [](const Comparison::Row& row) { return row.equal(); });
  comparison.figures = rows_of(figures);
  std::stable_sort(
      comparison.figures.begin(), comparison.figures.end(),
      [](const Comparison::Row& a, const Comparison::Row& b) { return order_of(a) < order_of(b); });
  return comparison;
}

}  // namespace switchyard
