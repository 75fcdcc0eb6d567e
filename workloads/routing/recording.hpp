// Recorded choices of experts, as an engine notes them or a routing bank holds them, in files: README.md
// beside this file describes the formats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard {

/// Stands where a layer chooses fewer experts than the widest of its model; -1 or an empty cell in files.
inline constexpr std::uint16_t kNotRecorded = 0xffff;

struct RecordedSequence {
  std::string name;
  std::string domain;                  // of its text: "law"; empty where none is told
  std::vector<std::uint16_t> experts;  // [tokens, layers, top_k], by descending score as far as it is known
};

struct RoutingRecording {
  std::int64_t layers = 0;  // MoE layers, or all layers of the model (vLLM): then dense ones hold anything
  std::int64_t top_k = 0;
  std::vector<RecordedSequence> sequences;

  std::int64_t tokens(const RecordedSequence& sequence) const {
    return static_cast<std::int64_t>(sequence.experts.size()) / (layers * top_k);
  }
};

/// Assignments (tokens x layers x top_k) of the largest recording that is read: 128 MiB in memory.
inline constexpr std::size_t kMostAssignments = std::size_t{64} << 20;

struct RecordingFormat {
  std::string_view name;  // the ending of its files
  std::string_view description;
  RoutingRecording (*read)(const std::string& path);
  void (*write)(const std::string& path, const RoutingRecording& recording);
};
std::span<const RecordingFormat> recording_formats();

/// Throws InputError at `where` (the scenario's key or the option) unless the path ends as those of a format.
void check_recording_name(const std::string& path, const std::string& where);

/// By the ending of the path. Throws InputError on an unknown one, a file that cannot be read, and one that
/// is corrupt, short or too large, naming what is wrong.
RoutingRecording read_recording(const std::string& path, const std::string& where);
/// Replaces the file as a whole: the same recording gives the same bytes.
void write_recording(const std::string& path, const RoutingRecording& recording, const std::string& where);

RoutingRecording read_routing_npz(const std::string& path);
void write_routing_npz(const std::string& path, const RoutingRecording& recording);
RoutingRecording read_routing_csv(const std::string& path);
void write_routing_csv(const std::string& path, const RoutingRecording& recording);

}  // namespace switchyard
