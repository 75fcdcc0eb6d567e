// The routing bank: a pool of generated token streams, routed once through the real gates of every MoE layer before
// the simulation starts, then read as often as needed. Independent of placement; shared read-only by forked points.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "workloads/architecture.hpp"
#include "workloads/routing/preset.hpp"

namespace switchyard {

/// Consecutive tokens of one stream. Streams are rings: positions wrap.
struct TokenRun {
  std::uint32_t stream = 0;
  std::uint64_t position = 0;
  std::int64_t tokens = 0;
};

/// Assignments per MoE layer and expert, row-major [moe_layers, num_experts]. Layers with fewer experts leave the tail 0.
struct ExpertCounts {
  std::int64_t layers = 0;
  std::int64_t experts = 0;
  std::vector<std::uint32_t> counts;
  std::span<std::uint32_t> layer(std::int64_t l) { return {counts.data() + l * experts, static_cast<std::size_t>(experts)}; }
  std::span<const std::uint32_t> layer(std::int64_t l) const { return {counts.data() + l * experts, static_cast<std::size_t>(experts)}; }
  void clear();
};

class RoutingBank {
 public:
  /// Generates and routes. The pool is sized so that this takes at most about 0.5 s on one core, and 256 MiB.
  /// The same (architecture, preset, seed) gives the same bank on every x86-64-v3 machine.
  RoutingBank(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed);

  std::uint32_t streams() const { return streams_; }
  std::uint32_t stream_length() const { return stream_length_; }
  std::int64_t moe_layers() const { return layers_; }
  std::int64_t experts() const { return experts_; }  // of the layer with the most
  std::int64_t top_k() const { return top_k_; }

  /// Counts of zero, of the bank's shape.
  ExpertCounts empty_counts() const;
  /// Adds the assignments of a run: whole blocks of consecutive rows from prefix sums, odd rows singly. Conserves
  /// tokens x top_k per layer. Safe to call from several readers.
  void add(const TokenRun& run, ExpertCounts& counts) const;
  /// The experts of one token in one MoE layer, [top_k], by descending score.
  std::span<const std::uint16_t> experts_of(std::uint32_t stream, std::uint64_t position, std::int64_t layer) const;

 private:
  std::uint32_t streams_ = 0;
  std::uint32_t stream_length_ = 0;
  std::int64_t layers_ = 0;
  std::int64_t experts_ = 0;
  std::int64_t top_k_ = 0;
  std::vector<std::uint16_t> rows_;      // [streams, stream_length, layers, top_k]
  std::vector<std::uint32_t> prefixes_;  // [streams, stream_length / block + 1, layers, experts]
};

}  // namespace switchyard
