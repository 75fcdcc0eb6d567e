// A comparison as a table, as CSV and as JSON.
#include <algorithm>
#include <sstream>

#include "sim/base/quote.hpp"
#include "sim/study/compare/comparison.hpp"
#include "sim/study/figures.hpp"
#include "sim/study/readable.hpp"

namespace switchyard {
namespace {

using Row = Comparison::Row;

constexpr std::size_t kWidest = 28;  // letters of a cell; the CSV has all
constexpr std::size_t kLineLength = 100;

std::string cell_of(const Json& value, const std::string& unit) {
  if (value.is_null()) return "-";
  if (value.is_string()) return one_line(value.get_ref<const std::string&>(), kWidest);
  if (!value.is_number()) return one_line(value.dump(), kWidest);
  return with_unit(value.get<double>(), unit);
}

std::vector<std::string> heading(const Comparison& comparison, const std::string& first) {
  std::vector<std::string> cells = {first};
  for (const Comparison::Column& column : comparison.columns) cells.push_back(one_line(column.name, kWidest));
  return cells;
}

std::vector<std::string> line_of(const Row& row) {
  std::vector<std::string> cells = {row.name};
  for (const Json& value : row.values) cells.push_back(cell_of(value, unit_of(row.name)));
  if (row.spread && *row.spread > 0.0) cells.push_back(percent(*row.spread));
  return cells;
}

/// In groups, each under its name.
std::string survey_text(const Comparison& comparison) {
  Grid grid;
  grid.add(heading(comparison, ""));
  std::string group;
  for (const Survey::Row& row : comparison.survey.rows) {
    if (row.group != group) grid.add_heading(row.group);
    group = row.group;
    std::vector<std::string> cells = {"  " + row.name};
    for (const Survey::Cell& cell : row.cells) cells.push_back(cell.text);
    grid.add(std::move(cells));
  }
  return grid.text();
}

/// Sentences, broken between words.
std::string verdict_text(const Comparison& comparison) {
  std::string text;
  for (const std::string& sentence : comparison.verdict) {
    std::string line = "  *";
    std::istringstream words(sentence);
    for (std::string word; words >> word;) {
      if (line.size() + 1 + word.size() > kLineLength) {
        text += line + "\n";
        line = "   ";
      }
      line += " " + word;
    }
    text += line + "\n";
  }
  return text;
}

std::string equal_figures(const Comparison& comparison) {
  std::string text, line = "  the same:";
  for (const Row& row : comparison.figures) {
    if (!row.equal() || row.values.front().is_structured()) continue;
    const std::string figure = " " + row.name + " " + cell_of(row.values.front(), unit_of(row.name)) + ",";
    if (line.size() + figure.size() > kLineLength) {
      text += line + "\n";
      line = "   ";
    }
    line += figure;
  }
  if (line.back() != ',') return "";
  line.back() = '\n';
  return text + line;
}

std::string remarks(const Comparison& comparison) {
  std::string text;
  DistinctNotes notes;
  for (const Comparison::Column& column : comparison.columns) {
    if (!column.outcome.reason.empty())
      text += "  " + column.name + " is " + column.outcome.verdict + ": " + column.outcome.reason + "\n";
    if (column.outcome.summary.is_object()) notes.add(column.outcome.summary.value("notes", Json::array()));
  }
  for (const std::string& note : notes.take()) text += "  note: " + note + "\n";
  return text;
}

Json survey_json(const Survey& survey) {
  Json json = Json::array();
  for (const Survey::Row& row : survey.rows) {
    Json cells = Json::array();
    for (const Survey::Cell& cell : row.cells) cells.push_back({{"text", cell.text}, {"value", cell.value}});
    json.push_back(
        {{"group", row.group}, {"key", row.key}, {"name", row.name}, {"unit", row.unit}, {"cells", cells}});
  }
  return json;
}

Json rows_json(const std::vector<Row>& rows) {
  Json json = Json::array();
  for (const Row& row : rows) {
    json.push_back({{"name", row.name},
                    {"unit", unit_of(row.name)},
                    {"values", row.values},
                    {"spread", row.spread ? Json(*row.spread) : Json()}});
  }
  return json;
}

}  // namespace

std::string unit_of(const std::string& figure) {
  const auto ends = [&](std::string_view end) { return figure.ends_with(end); };
  if (figure.starts_with('/')) return "";
  if (ends("_ms") || figure.find(".ms.") != std::string::npos) return "ms";
  if (ends("_bytes") || ends("_bytes_per_token")) return "B";
  if (ends("_throughput") || ends("_goodput")) return "/s";
  if (ends("flops_per_token")) return "FLOP";
  if (ends("_j")) return "J";
  if (ends("_w")) return "W";
  if (ends("_usd") || figure.starts_with("usd_per_million_")) return "$";
  if (ends("usd_per_hour") || ends("usd_per_gpu_hour")) return "$/h";
  return figure == "duration" ? "s" : "";
}

std::string comparison_table(const Comparison& comparison) {
  std::string text;
  for (const Comparison::Column& column : comparison.columns) {
    text += "  " + column.name + ": " + column.description.model + "; " + column.description.deployment +
            ", " + column.description.cluster + "\n";
  }
  text += "\n" + survey_text(comparison) + "\n" + verdict_text(comparison);
  Grid inputs;
  inputs.add(heading(comparison, "what differs in the scenarios"));
  for (const Row& row : comparison.inputs) inputs.add(line_of({row.name, row.values}));
  if (comparison.inputs.empty()) text += "\n  The scenarios do not differ.\n";
  else text += "\n" + inputs.text();

  Grid figures;
  std::vector<std::string> head = heading(comparison, "what came of it"), verdicts = {"verdict"};
  head.emplace_back("spread");
  figures.add(head);
  for (const Comparison::Column& column : comparison.columns) verdicts.push_back(column.outcome.verdict);
  figures.add(verdicts);
  for (const Row& row : comparison.figures) {
    const bool list =
        std::any_of(row.values.begin(), row.values.end(), [](const Json& v) { return v.is_structured(); });
    if (!row.equal() && !list) figures.add(line_of(row));
  }
  text += "\n" + figures.text() + equal_figures(comparison);
  const std::string said = remarks(comparison);
  return said.empty() ? text : text + "\n" + said;
}

std::string comparison_csv(const Comparison& comparison) {
  std::vector<std::string> header = {"name", "unit"};
  for (const Comparison::Column& column : comparison.columns) header.push_back(column.name);
  header.emplace_back("spread");
  std::ostringstream out;
  CsvWriter csv(out, header);
  const auto write = [&](const Row& row) {
    csv.cell(row.name).cell(unit_of(row.name));
    for (const Json& value : row.values) write_cell(csv, value);
    csv.cell(row.spread).end_row();
  };
  Row verdict{"verdict", {}}, reason{"reason", {}};
  for (const Comparison::Column& column : comparison.columns) {
    verdict.values.emplace_back(column.outcome.verdict);
    reason.values.emplace_back(column.outcome.reason);
  }
  write(verdict);
  write(reason);
  for (const Survey::Row& row : comparison.survey.rows) {
    csv.cell("survey." + row.key).cell(row.unit);
    std::vector<Json> values;
    for (const Survey::Cell& cell : row.cells) values.push_back(cell.value);
    for (const Json& value : values) write_cell(csv, value);
    csv.cell(spread_of(values)).end_row();
  }
  for (const Row& row : comparison.inputs) write(row);
  for (const Row& row : comparison.figures) write(row);
  csv.flush();
  return out.str();
}

Json comparison_json(const Comparison& comparison) {
  Json scenarios = Json::array();
  for (const Comparison::Column& column : comparison.columns) {
    const PointOutcome& outcome = column.outcome;
    scenarios.push_back({{"name", column.name},
                         {"verdict", outcome.verdict},
                         {"reason", outcome.reason},
                         {"probes", column.probes},
                         {"notes", outcome.summary.is_object() ? outcome.summary.value("notes", Json::array())
                                                               : Json::array()}});
  }
  return {{"scenarios", scenarios},
          {"survey", survey_json(comparison.survey)},
          {"verdict", comparison.verdict},
          {"inputs", rows_json(comparison.inputs)},
          {"figures", rows_json(comparison.figures)}};
}

}  // namespace switchyard
