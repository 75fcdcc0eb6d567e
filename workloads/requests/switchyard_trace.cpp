// The project's own trace format: arrival_s,prompt_tokens,output_tokens; other columns are ignored. Time is
// as written: the first arrival may be later than 0.
#include "workloads/requests/csv_trace.hpp"
#include "workloads/requests/token_rows.hpp"
#include "workloads/requests/trace.hpp"

namespace switchyard {

bool is_switchyard_trace(std::string_view first_line) {
  return has_columns(first_line, {"arrival_s", "prompt_tokens", "output_tokens"});
}

std::unique_ptr<RequestStream> open_switchyard_trace(const std::string& path) {
  return std::make_unique<CsvTrace>(path, CsvTrace::Columns{"arrival_s", "prompt_tokens", "output_tokens"},
                                    read_seconds);
}

}  // namespace switchyard
