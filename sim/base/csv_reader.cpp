// CSV rows: lines without quotes are split where they lie, the others are copied and unquoted.
#include "sim/base/csv_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "sim/base/choices.hpp"
#include "sim/base/error.hpp"
#include "sim/base/quote.hpp"
#include "sim/base/text.hpp"

namespace switchyard {
namespace {

void split_plain(std::string_view line, CsvReader::Row& row) {
  for (;;) {
    const auto* comma = static_cast<const char*>(std::memchr(line.data(), ',', line.size()));
    if (comma == nullptr) break;
    const auto length = static_cast<std::size_t>(comma - line.data());
    row.push_back(line.substr(0, length));
    line.remove_prefix(length + 1);
  }
  row.push_back(line);
}

/// The whole field as a number; nullopt when it is none, or not a finite one.
template <class Number>
std::optional<Number> read_number(std::string_view field) {
  field = trimmed(field);
  Number value{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return std::isfinite(static_cast<double>(value)) ? std::optional(value) : std::nullopt;
}

}  // namespace

CsvReader::CsvReader(const std::string& path) : lines_(path) { read_header(); }

CsvReader::CsvReader(std::istream& in, const std::string& name) : lines_(in, name) { read_header(); }

std::optional<std::size_t> CsvReader::find_column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t CsvReader::column(std::string_view name) const {
  const auto index = find_column(name);
  if (!index)
    throw InputError(lines_.name(), "no column " + in_quotes(name) + "; " + choices(name, columns_));
  if (std::count(columns_.begin(), columns_.end(), name) > 1) {
    throw InputError(lines_.name(), "more than one column " + in_quotes(name) + "; name each column once");
  }
  return *index;
}

bool CsvReader::next(Row& row) {
  if (!next_record(row)) return false;
  if (row.size() != columns_.size()) {
    fail("the number of fields is " + std::to_string(row.size()) + "; give " +
         std::to_string(columns_.size()) + ", as many as the header has");
  }
  return true;
}

double CsvReader::number(const Row& row, std::size_t column) const {
  if (const auto value = read_number<double>(row[column])) return *value;
  fail(one_line(columns_[column]) + ": " + in_quotes(row[column]) +
       " is not a number; give one that is finite");
}

std::int64_t CsvReader::integer(const Row& row, std::size_t column) const {
  if (const auto value = read_number<std::int64_t>(row[column])) return *value;
  fail(one_line(columns_[column]) + ": " + in_quotes(row[column]) +
       " is not an integer; give a whole number");
}

void CsvReader::read_header() {
  Row names;
  if (!next_record(names)) throw InputError(lines_.name(), "is empty; the first line names the columns");
  for (const std::string_view name : names) columns_.emplace_back(trimmed(name));
}

bool CsvReader::next_record(Row& row) {
  std::string_view line;
  do {
    if (!lines_.next(line)) return false;
  } while (line.empty());
  row_line_ = lines_.line_number();
  row.clear();
  if (std::memchr(line.data(), '"', line.size()) == nullptr) {
    split_plain(line, row);
  } else {
    split_quoted(line, row);
  }
  return true;
}

/// Reads on over the line breaks in quotes. Fields are moved to the front of record_ as they lose their
/// quotes; the row is cut from it when it is whole, since record_ may move while it grows.
void CsvReader::split_quoted(std::string_view line, Row& row) {
  record_ = line;
  ends_.clear();
  std::size_t from = 0, to = 0;
  for (;;) {  // a field a turn
    if (from < record_.size() && record_[from] == '"') {
      for (++from;; ++from) {
        while (from == record_.size()) {
          if (!lines_.next(line)) fail("a quote is left open; close it with another");
          (record_ += '\n') += line;
          if (record_.size() > LineReader::kLongest) fail("the row is too long; is a quote left open?");
        }
        if (record_[from] == '"' && (++from == record_.size() || record_[from] != '"')) break;
        record_[to++] = record_[from];
      }
      if (from < record_.size() && record_[from] != ',')
        fail("text follows a closing quote; write a quote within quotes twice");
    }
    while (from < record_.size() && record_[from] != ',') record_[to++] = record_[from++];
    ends_.push_back(to);
    if (from == record_.size()) break;
    ++from;
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    row.push_back(std::string_view(record_).substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace switchyard
