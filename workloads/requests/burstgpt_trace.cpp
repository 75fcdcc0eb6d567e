// BurstGPT (github.com/HPMLL/BurstGPT; arXiv:2401.17644): CSV with Timestamp (seconds since midnight of the
// first day), "Request tokens" and "Response tokens"; other columns are ignored. Its second and third file
// begin months in, so time starts at the first row. Rows without tokens are requests that failed: nobody
// knows what they would have cost, so they are left out (as vLLM's benchmark does) and counted.
#include "workloads/requests/csv_trace.hpp"
#include "workloads/requests/token_rows.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

const CsvTrace::Columns kColumns = {"Timestamp", "Request tokens", "Response tokens"};

/// Remembers the first time it reads.
class SinceFirst {
 public:
  Seconds operator()(const CsvReader& csv, const CsvReader::Row& row, std::size_t column) {
    const Seconds time = read_seconds(csv, row, column);
    if (!first_) first_ = time;
    return time - *first_;
  }

 private:
  std::optional<Seconds> first_;
};

}  // namespace

bool is_burstgpt_trace(std::string_view first_line) {
  return has_columns(first_line, {kColumns.arrival, kColumns.prompt_tokens, kColumns.output_tokens});
}

std::unique_ptr<RequestStream> open_burstgpt_trace(const std::string& path) {
  return std::make_unique<CsvTrace>(path, kColumns, SinceFirst(), CsvTrace::Empty::left_out);
}

}  // namespace switchyard
