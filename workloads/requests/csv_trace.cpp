// One row, one request, in the order of time.
#include "workloads/requests/csv_trace.hpp"

#include "sim/base/quote.hpp"
#include "workloads/requests/token_rows.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

constexpr double kLatest =
    1e10;  // seconds, three centuries: beyond it a double no longer resolves a microsecond

/// The columns are the format's, not the user's to choose: a file without one is another format.
std::size_t column_of(const CsvReader& csv, const std::string& name, const CsvTrace::Columns& columns) {
  if (csv.find_column(name)) return csv.column(name);
  std::string found;
  for (const std::string& column : csv.columns()) found += (found.empty() ? "" : ", ") + column;
  throw InputError(csv.name(), "line 1: no column " + in_quotes(name) + "; this format needs " +
                                   columns.arrival + ", " + columns.prompt_tokens + ", " +
                                   columns.output_tokens + "; the file has " + one_line(found));
}

}  // namespace

CsvTrace::CsvTrace(const std::string& path, const Columns& columns, ReadArrival read_arrival, Empty empty)
    : csv_(path),
      arrival_(column_of(csv_, columns.arrival, columns)),
      prompt_tokens_(column_of(csv_, columns.prompt_tokens, columns)),
      output_tokens_(column_of(csv_, columns.output_tokens, columns)),
      read_arrival_(std::move(read_arrival)),
      empty_(empty) {}

std::optional<Request> CsvTrace::next() {
  while (csv_.next(row_)) {
    const Seconds arrival = read_arrival();
    if (empty_ == Empty::left_out && is_empty()) {
      ++left_out_;
      continue;
    }
    return Request{next_id_++, arrival, read_tokens(csv_, row_, prompt_tokens_),
                   read_tokens(csv_, row_, output_tokens_)};
  }
  return std::nullopt;
}

Seconds CsvTrace::read_arrival() {
  const Seconds arrival = read_arrival_(csv_, row_, arrival_);
  if (latest_ && arrival < *latest_) {
    const std::string& column = csv_.columns()[arrival_];
    csv_.fail(column + ": " + in_quotes(row_[arrival_]) + " is earlier than the row before; " + kSortedRows +
              column);
  }
  latest_ = arrival;
  return arrival;
}

bool CsvTrace::is_empty() const {
  return csv_.integer(row_, prompt_tokens_) == 0 || csv_.integer(row_, output_tokens_) == 0;
}

Seconds read_seconds(const CsvReader& csv, const CsvReader::Row& row, std::size_t column) {
  const double seconds = csv.number(row, column);
  if (seconds < 0.0 || seconds > kLatest) {
    csv.fail(csv.columns()[column] + ": " + std::string(row[column]) +
             " is out of range; give seconds from 0 to 1e10");
  }
  return Seconds(seconds);
}

}  // namespace switchyard
