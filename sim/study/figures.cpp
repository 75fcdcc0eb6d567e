// Flattening and merging.
#include "sim/study/figures.hpp"

#include <algorithm>

namespace switchyard {
namespace {

constexpr std::size_t kMostNotes = 10;

void add_figures(Figures& figures, const std::string& name, const Json& value) {
  if (!value.is_object()) {
    figures.emplace_back(name, value);
    return;
  }
  for (const auto& [key, member] : value.items())
    add_figures(figures, name.empty() ? key : name + "." + key, member);
}

}  // namespace

Figures figures_of(const Json& summary) {
  Figures figures;
  if (!summary.is_object()) return figures;
  for (const auto& [key, value] : summary.items()) {
    if (key != "notes") add_figures(figures, key, value);
  }
  return figures;
}

const Json& figure_at(const Json& json, const char* pointer) {
  static const Json none;
  const Json::json_pointer place(pointer);
  return json.is_structured() && json.contains(place) ? json.at(place) : none;
}

void FigureNames::merge(const Figures& figures) {
  std::size_t next = 0;
  for (const auto& [name, value] : figures) {
    if (known_.insert(name).second) names_.insert(names_.begin() + static_cast<std::ptrdiff_t>(next), name);
    else if (next >= names_.size() || names_[next] != name) {
      next = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
    }
    ++next;
  }
}

void write_cell(CsvWriter& csv, const Json& value) {
  if (value.is_null()) csv.cell("");
  else if (value.is_string()) csv.cell(value.get_ref<const std::string&>());
  else if (value.is_number_float()) csv.cell(value.get<double>());
  else csv.cell(value.dump());
}

void DistinctNotes::add(const Json& notes) {
  for (const Json& note : notes) {
    const std::string text = note.is_string() ? note.get<std::string>() : note.dump();
    if (notes_.size() < kMostNotes && std::find(notes_.begin(), notes_.end(), text) == notes_.end())
      notes_.push_back(text);
  }
}

}  // namespace switchyard
