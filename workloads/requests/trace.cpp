// The menu of trace formats.
#include "workloads/requests/trace.hpp"

#include <array>

#include "sim/base/line_reader.hpp"
#include "sim/base/menu.hpp"

namespace switchyard {
namespace {

constexpr std::array<TraceFormat, 2> kFormats = {{
    {"csv", "CSV with columns arrival_s,prompt_tokens,output_tokens", is_switchyard_trace,
     open_switchyard_trace},
    {"azure", "Azure LLM inference traces: CSV with columns TIMESTAMP,ContextTokens,GeneratedTokens",
     is_azure_trace, open_azure_trace},
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

const TraceFormat& recognise_trace(const std::string& path) {
  LineReader lines(path);
  std::string_view line;
  lines.next(line);
  for (const TraceFormat& format : kFormats) {
    if (format.recognises(line)) return format;
  }
  std::string known;
  for (const TraceFormat& format : kFormats) {
    known += "; " + std::string(format.name) + ": " + std::string(format.description);
  }
  throw InputError(path, "is not a trace of a known format: the first line fits none" + known);
}

}  // namespace switchyard
