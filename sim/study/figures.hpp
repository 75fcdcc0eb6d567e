// The figures of many runs in one table: summary.json laid flat, and the order of their union.
#pragma once

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sim/base/csv_writer.hpp"
#include "sim/base/json.hpp"

namespace switchyard {

using Figures = std::vector<std::pair<std::string, Json>>;

/// Members of objects as "memory.kv_tokens"; lists stay whole. Notes are left out: they are sentences.
Figures figures_of(const Json& summary);

/// What stands at a JSON pointer: "/trust/tpot_error"; null where nothing does.
const Json& figure_at(const Json& json, const char* pointer);

/// The names of all rows merged, in the order of each row: a new one comes after the one before it in its
/// row.
class FigureNames {
 public:
  void merge(const Figures& figures);
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

/// null is an empty cell; objects and lists are compact JSON.
void write_cell(CsvWriter& csv, const Json& value);

/// The distinct notes of several runs, but not more than a reader reads.
class DistinctNotes {
 public:
  void add(const Json& notes);
  std::vector<std::string> take() { return std::move(notes_); }

 private:
  std::vector<std::string> notes_;
};

}  // namespace switchyard
