// Columns are those of any run and, at their place, those that only some points have (a routing section,
// say).
#include "sim/study/sweep_table.hpp"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "sim/base/csv_writer.hpp"
#include "sim/report/summary.hpp"

namespace switchyard {
namespace {

using Figures = std::vector<std::pair<std::string, Json>>;

void add_figures(Figures& figures, const std::string& name, const Json& value) {
  if (!value.is_object()) {
    figures.emplace_back(name, value);
    return;
  }
  for (const auto& [key, member] : value.items())
    add_figures(figures, name.empty() ? key : name + "." + key, member);
}

/// Columns in the order of the rows' figures: a new one comes after the one before it in its row.
class Columns {
 public:
  void merge(const Figures& figures) {
    std::size_t next = 0;
    for (const auto& [name, value] : figures) {
      if (known_.insert(name).second) names_.insert(names_.begin() + static_cast<std::ptrdiff_t>(next), name);
      else if (next >= names_.size() || names_[next] != name) {
        next = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
      }
      ++next;
    }
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

Columns columns_of(const SweepResults& results) {
  Columns columns;
  columns.merge(
      figures_of(without_wall_times(summary_json(Summary{}))));  // there even when no point has a result
  for (const std::uint64_t point : results.points) columns.merge(figures_of(results.outcome(point).summary));
  return columns;
}

void write_cell(CsvWriter& csv, const Json& value) {
  if (value.is_null()) csv.cell("");
  else if (value.is_string()) csv.cell(value.get_ref<const std::string&>());
  else if (value.is_number_float()) csv.cell(value.get<double>());
  else csv.cell(value.dump());
}

/// "slo missed" where the page shows a verdict: the table has a column slo_met.
std::string verdict_on_page(const PointOutcome& outcome) {
  if (!outcome.reason.empty()) return outcome.verdict + ": " + outcome.reason;
  if (!outcome.summary.is_object()) return outcome.verdict;
  return outcome.summary.value("slo_met", Json()) == Json(false) ? "slo missed" : outcome.verdict;
}

/// The distinct notes of the points, but not more than a reader reads.
class Notes {
 public:
  void add(const Json& notes) {
    for (const Json& note : notes) {
      const std::string text = note.is_string() ? note.get<std::string>() : note.dump();
      if (notes_.size() < kMost && std::find(notes_.begin(), notes_.end(), text) == notes_.end())
        notes_.push_back(text);
    }
  }
  std::vector<std::string> take() { return std::move(notes_); }

 private:
  static constexpr std::size_t kMost = 10;
  std::vector<std::string> notes_;
};

}  // namespace

Figures figures_of(const Json& summary) {
  Figures figures;
  if (!summary.is_object()) return figures;
  for (const auto& [key, value] : summary.items()) {
    if (key != "notes") add_figures(figures, key, value);
  }
  return figures;
}

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
  Notes notes;
  const std::size_t shown = std::min(results.points.size(), kMostPointsOnPage);
  for (std::size_t i = 0; i < shown; ++i) {
    PointOutcome outcome = results.outcome(results.points[i]);
    const std::string verdict = verdict_on_page(outcome);
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
