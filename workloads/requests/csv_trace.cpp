// One row, one request, in the order of time.
#include "workloads/requests/csv_trace.hpp"

#include "sim/base/quote.hpp"
#include "workloads/requests/token_rows.hpp"

namespace switchyard {

CsvTrace::CsvTrace(const std::string& path, const Columns& columns, ReadArrival read_arrival)
    : csv_(path),
      arrival_(csv_.column(columns.arrival)),
      prompt_tokens_(csv_.column(columns.prompt_tokens)),
      output_tokens_(csv_.column(columns.output_tokens)),
      read_arrival_(std::move(read_arrival)) {}

std::optional<Request> CsvTrace::next() {
  if (!csv_.next(row_)) return std::nullopt;
  Request request;
  request.id = next_id_++;
  request.arrival = read_arrival_(csv_, row_, arrival_);
  if (request.id > 0 && *request.arrival < latest_) {
    const std::string& column = csv_.columns()[arrival_];
    csv_.fail(column + ": " + in_quotes(row_[arrival_]) +
              " is earlier than the row before; arrivals must never go back: sort the rows by " + column);
  }
  latest_ = *request.arrival;
  request.prompt_tokens = read_tokens(csv_, row_, prompt_tokens_);
  request.output_tokens = read_tokens(csv_, row_, output_tokens_);
  return request;
}

}  // namespace switchyard
