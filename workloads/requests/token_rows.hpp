// Token counts in the columns of a CSV file.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/csv_reader.hpp"

namespace switchyard {

/// The field as a number of tokens from 1 to kMaxTokens. Throws InputError naming line and column.
std::int64_t read_tokens(const CsvReader& csv, const CsvReader::Row& row, std::size_t column);

/// A whole column of token counts, at least one. Throws InputError.
std::vector<std::int64_t> read_token_column(const std::string& path, const std::string& column);

/// Whether the header of a CSV file names all of these columns.
bool has_columns(std::string_view header, std::initializer_list<std::string_view> columns);

}  // namespace switchyard
