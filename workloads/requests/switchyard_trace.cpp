// The project's own trace format: arrival_s,prompt_tokens,output_tokens; other columns are ignored.
#include "workloads/requests/csv_trace.hpp"
#include "workloads/requests/token_rows.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

constexpr double kLatest =
    1e10;  // seconds, three centuries: beyond it a double no longer resolves a microsecond

Seconds read_seconds(const CsvReader& csv, const CsvReader::Row& row, std::size_t column) {
  const double seconds = csv.number(row, column);
  if (seconds < 0.0 || seconds > kLatest) {
    csv.fail(csv.columns()[column] + ": " + std::string(row[column]) +
             " is out of range; give seconds from 0 to 1e10");
  }
  return Seconds(seconds);
}

}  // namespace

bool is_switchyard_trace(std::string_view first_line) {
  return has_columns(first_line, {"arrival_s", "prompt_tokens", "output_tokens"});
}

std::unique_ptr<RequestStream> open_switchyard_trace(const std::string& path) {
  return std::make_unique<CsvTrace>(path, CsvTrace::Columns{"arrival_s", "prompt_tokens", "output_tokens"},
                                    read_seconds);
}

}  // namespace switchyard
