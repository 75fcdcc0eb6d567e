// Columns are those of any run and, at their place, those that only some points have (a routing section,
// say).
#include "sim/study/sweep/table.hpp"

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "sim/report/summary.hpp"
#include "sim/study/figures.hpp"

namespace switchyard {
namespace {

FigureNames columns_of(const SweepResults& results) {
  FigureNames columns;
  columns.merge(
      figures_of(without_wall_times(summary_json(Summary{}))));  // there even when no point has a result
  for (const std::uint64_t point : results.points) columns.merge(figures_of(results.outcome(point).summary));
  return columns;
}

}  // namespace

std::string sweep_csv(const Study& study, const SweepResults& results) {
  const std::vector<std::string> figures = columns_of(results).names();
  std::vector<std::string> header = study.pointers();
  header.insert(header.end(), figures.begin(), figures.end());
  header.insert(header.end(), {"verdict", "reason"});

  std::ostringstream out;
  CsvWriter csv(out, header);
  for (const std::uint64_t point : results.points) {
    const PointOutcome outcome = results.outcome(point);
    std::unordered_map<std::string, Json> row;
    for (auto& [name, value] : figures_of(outcome.summary)) row[name] = std::move(value);
    for (const Json& value : values_of(study, point)) write_cell(csv, value);
    for (const std::string& name : figures) write_cell(csv, row[name]);
    csv.cell(outcome.verdict).cell(outcome.reason).end_row();
  }
  csv.flush();
  return out.str();
}

SweepPage sweep_page_of(const Study& study, const SweepResults& results) {
  SweepPage page;
  page.title = study.title;
  page.subtitle = study.question;
  page.pointers = study.pointers();
  DistinctNotes notes;
  const std::size_t shown = std::min(results.points.size(), kMostPointsOnPage);
  for (std::size_t i = 0; i < shown; ++i) {
    PointOutcome outcome = results.outcome(results.points[i]);
    const std::string verdict = verdict_with_reason(outcome);
    if (outcome.summary.contains("notes")) notes.add(outcome.summary["notes"]);
    if (outcome.summary.is_object()) outcome.summary.erase("notes");
    page.points.push_back({values_of(study, results.points[i]), std::move(outcome.summary), verdict});
  }
  page.notes = notes.take();
  if (results.points.size() < study.points()) {
    page.notes.push_back("A part of the study: " + std::to_string(results.points.size()) + " of its " +
                         std::to_string(study.points()) + " points.");
  }
  if (shown < results.points.size()) {
    page.notes.push_back("Only the first " + std::to_string(shown) + " of " +
                         std::to_string(results.points.size()) + " points are shown; sweep.csv has all.");
  }
  return page;
}

}  // namespace switchyard
