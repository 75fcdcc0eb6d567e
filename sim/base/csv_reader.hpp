// Rows of a CSV file (RFC 4180), streamed: a header names the columns, then a row at a time without
// allocation.
//
//   CsvReader csv("trace.csv");
//   const std::size_t arrival = csv.column("arrival_s");
//   for (CsvReader::Row row; csv.next(row);) use(csv.number(row, arrival));
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/line_reader.hpp"

namespace switchyard {

/// Fields are separated by commas and may be quoted; a line break in quotes is read as "\n"; empty lines are
/// skipped. Errors are InputError "trace.csv: line 17: …": what LineReader refuses, a row of another length
/// than the header, a quote left open, and text after a closing quote.
class CsvReader {
 public:
  using Row = std::vector<std::string_view>;  // one field a column, valid until the next row

  explicit CsvReader(const std::string& path);
  /// `in` must outlive the reader; `name` stands for the file in errors.
  CsvReader(std::istream& in, const std::string& name);

  /// The names in the header, blanks around them removed.
  const std::vector<std::string>& columns() const { return columns_; }
  std::optional<std::size_t> find_column(std::string_view name) const;
  /// The index of a column; InputError with the choices when there is none or more than one.
  std::size_t column(std::string_view name) const;

  /// The next row; false at the end of the file.
  bool next(Row& row);

  /// A field as a finite number, or InputError naming line and column.
  double number(const Row& row, std::size_t column) const;
  std::int64_t integer(const Row& row, std::size_t column) const;

  std::int64_t line_number() const { return row_line_; }  // where the last row begins
  const std::string& name() const { return lines_.name(); }
  /// Throws InputError "trace.csv: line 17: problem" (of the last row).
  [[noreturn]] void fail(const std::string& problem) const { lines_.fail_at(row_line_, problem); }

 private:
  void read_header();
  bool next_record(Row& row);
  void split_quoted(std::string_view line, Row& row);

  LineReader lines_;
  std::vector<std::string> columns_;
  std::string record_;             // a row with quotes, its fields unquoted in place
  std::vector<std::size_t> ends_;  // of its fields
  std::int64_t row_line_ = 0;
};

}  // namespace switchyard
