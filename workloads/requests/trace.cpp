// The menu of trace formats.
#include "workloads/requests/trace.hpp"

#include <array>
#include <filesystem>

#include "sim/base/files.hpp"
#include "sim/base/line_reader.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/text.hpp"

namespace switchyard {
namespace {

using Arrivals = TraceFormat::Arrivals;

// Recognised in this order: a Mooncake trace has the keys of a length trace too.
constexpr std::array<TraceFormat, 5> kFormats = {{
    {"csv", "CSV with columns arrival_s,prompt_tokens,output_tokens; time as written", Arrivals::in_file,
     is_switchyard_trace, open_switchyard_trace},
    {"azure",
     "Azure LLM inference traces: CSV with columns TIMESTAMP,ContextTokens,GeneratedTokens; time from the "
     "first row",
     Arrivals::in_file, is_azure_trace, open_azure_trace},
    {"burstgpt",
     "BurstGPT: CSV with columns Timestamp (seconds),Request tokens,Response tokens; time from the first "
     "row; failed requests, without tokens, are left out",
     Arrivals::in_file, is_burstgpt_trace, open_burstgpt_trace},
    {"mooncake",
     "Mooncake traces: JSONL with timestamp (milliseconds), input_length, output_length; hash_ids are not "
     "used",
     Arrivals::in_file, is_mooncake_trace, open_mooncake_trace},
    {"lengths",
     "lengths alone, as vLLM and ShareGPT exports: JSONL with prompt_len or prompt_tokens, output_len or "
     "output_tokens (and other usual names); /workload/arrivals says when",
     Arrivals::from_scenario, is_length_trace, open_length_trace},
}};

}  // namespace

std::span<const TraceFormat> trace_menu() { return kFormats; }

std::span<const WorkloadRow> trace_formats() {
  static const std::vector<WorkloadRow> rows = [] {
    std::vector<WorkloadRow> result;
    for (const TraceFormat& format : kFormats) result.push_back({format.name, format.description});
    return result;
  }();
  return rows;
}

void check_trace_file(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_other(status))  // opening a pipe would wait for its writer
    throw InputError(one_line(path), "is a pipe or a device; give a file: a trace is read more than once");
  open_to_read(path);
}

const TraceFormat& recognise_trace(const std::string& path) {
  check_trace_file(path);
  LineReader lines(path);
  std::string_view line;
  do {
    if (!lines.next(line)) throw InputError(lines.name(), "is empty; give a trace with at least one request");
  } while (trimmed(line).empty());
  for (const TraceFormat& format : kFormats) {
    if (format.recognises(line)) return format;
  }
  std::string known;
  for (const TraceFormat& format : kFormats) {
    known += "; " + std::string(format.name) + ": " + std::string(format.description);
  }
  lines.fail(in_quotes(line) + " is the first line of no known format" + known);
}

}  // namespace switchyard
