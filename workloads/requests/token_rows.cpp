// Counts are checked where they are read, so that nobody downstream meets an empty or absurd request.
#include "workloads/requests/token_rows.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "workloads/requests/lengths.hpp"

namespace switchyard {
namespace {

std::string_view without_quotes(std::string_view name) {
  while (!name.empty() && (name.front() == ' ' || name.front() == '"')) name.remove_prefix(1);
  while (!name.empty() && (name.back() == ' ' || name.back() == '"')) name.remove_suffix(1);
  return name;
}

}  // namespace

std::int64_t read_tokens(const CsvReader& csv, const CsvReader::Row& row, std::size_t column) {
  const std::int64_t tokens = csv.integer(row, column);
  if (tokens < 1 || tokens > kMaxTokens) {
    csv.fail(csv.columns()[column] + ": " + std::to_string(tokens) +
             " is out of range; give a number of tokens from 1 to " + std::to_string(kMaxTokens));
  }
  return tokens;
}

std::vector<std::int64_t> read_token_column(const std::string& path, const std::string& column) {
  CsvReader csv(path);
  const std::size_t index = csv.column(column);
  std::vector<std::int64_t> values;
  for (CsvReader::Row row; csv.next(row);) values.push_back(read_tokens(csv, row, index));
  if (values.empty()) throw InputError(csv.name(), "has no rows; give at least one length");
  return values;
}

bool has_columns(std::string_view header, std::initializer_list<std::string_view> columns) {
  std::vector<std::string_view> names;
  for (std::size_t begin = 0; begin <= header.size();) {
    const std::size_t end = std::min(header.find(',', begin), header.size());
    names.push_back(without_quotes(header.substr(begin, end - begin)));
    begin = end + 1;
  }
  return std::all_of(columns.begin(), columns.end(), [&](std::string_view column) {
    return std::find(names.begin(), names.end(), column) != names.end();
  });
}

}  // namespace switchyard
