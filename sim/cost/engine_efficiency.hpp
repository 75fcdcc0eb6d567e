// What an engine's kernels reach of the GPU profile's: factors on its shares, 1 where they are the same. Its
// tables stay as measured; the factors act on top of them.
#pragma once

#include <string_view>

#include "sim/base/json.hpp"
#include "topologies/gpu.hpp"

namespace switchyard {

struct EngineEfficiency {
  /// Formats that have kernels of their own have factors of their own.
  OperatorEfficiency gemm, grouped_gemm, prefill_attention, decode_attention, latent_decode_attention,
      elementwise;
  double kernel_overhead = 1.0;  // below 1: a kernel's start overlaps the end of the one before
  bool operator==(const EngineEfficiency&) const = default;
};

/// The optional object `key`: {"gemm": {"compute": 0.8, "memory": 1, "fp8": {"compute": 0.9}}, …,
/// "kernel_overhead": 0.7}. What a format does not say is as in its class.
EngineEfficiency read_engine_efficiency(ObjectReader& profile, std::string_view key);

/// The GPU as formulas see it under the engine, without tables.
Gpu formula_gpu(Gpu gpu, const EngineEfficiency& engine);

}  // namespace switchyard
