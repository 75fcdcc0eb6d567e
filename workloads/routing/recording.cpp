// The menu of recordings' formats.
#include "workloads/routing/recording.hpp"

#include <algorithm>
#include <array>

#include "sim/base/choices.hpp"
#include "sim/base/error.hpp"
#include "sim/base/quote.hpp"

namespace switchyard {
namespace {

const RecordingFormat& format_of(const std::string& path, const std::string& where) {
  for (const RecordingFormat& format : recording_formats())
    if (path.ends_with(format.name)) return format;
  throw InputError(where, in_quotes(path) +
                              " has the ending of no format; give a file whose name ends in "
                              ".npz or .csv");
}

}  // namespace

std::span<const RecordingFormat> recording_formats() {
  static constexpr std::array<RecordingFormat, 2> kTable = {{
      {".npz", "NumPy arrays [seq, layer, topk], one a sequence: vLLM's routed_experts", read_routing_npz,
       write_routing_npz},
      {".csv", "sequence,position,layer,expert_0,… in rows of one token and layer", read_routing_csv,
       write_routing_csv},
  }};
  return kTable;
}

void check_recording_name(const std::string& path, const std::string& where) { format_of(path, where); }

RoutingRecording read_recording(const std::string& path, const std::string& where) {
  return format_of(path, where).read(path);
}

void write_recording(const std::string& path, const RoutingRecording& recording, const std::string& where) {
  format_of(path, where).write(path, recording);
}

}  // namespace switchyard
