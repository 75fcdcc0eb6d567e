// The Azure LLM inference traces (github.com/Azure/AzurePublicDataset):
// TIMESTAMP,ContextTokens,GeneratedTokens. Time starts at the first row; differences are taken in whole units
// of 100 ns.
#include "sim/base/quote.hpp"
#include "workloads/requests/csv_trace.hpp"
#include "workloads/requests/timestamp.hpp"
#include "workloads/requests/token_rows.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {
namespace {

constexpr double kTicksPerSecond = 1e7;

/// Remembers the first timestamp it reads.
class SinceFirst {
 public:
  Seconds operator()(const CsvReader& csv, const CsvReader::Row& row, std::size_t column) {
    const auto ticks = parse_timestamp(row[column]);
    if (!ticks) {
      csv.fail(csv.columns()[column] + ": " + in_quotes(row[column]) +
               " is not a timestamp; write it like 2023-11-16 18:15:46.6805900");
    }
    if (!first_) first_ = *ticks;
    return Seconds(static_cast<double>(*ticks - *first_) / kTicksPerSecond);
  }

 private:
  std::optional<std::int64_t> first_;
};

}  // namespace

bool is_azure_trace(std::string_view first_line) {
  return has_columns(first_line, {"TIMESTAMP", "ContextTokens", "GeneratedTokens"});
}

std::unique_ptr<RequestStream> open_azure_trace(const std::string& path) {
  return std::make_unique<CsvTrace>(path, CsvTrace::Columns{"TIMESTAMP", "ContextTokens", "GeneratedTokens"},
                                    SinceFirst());
}

}  // namespace switchyard
