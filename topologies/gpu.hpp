// A GPU: datasheet numbers with their source, the profile that turns shapes into times, what it draws and
// costs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/precision.hpp"
#include "sim/base/shared.hpp"
#include "sim/base/units.hpp"
#include "topologies/operator_tables.hpp"
#include "topologies/power.hpp"

namespace switchyard {

/// Of one class of operators in one format: time = overhead + smooth_max(flops / (peak x compute), bytes /
/// (bandwidth x memory)).
struct EfficiencyShare {
  double compute = 1.0;  // share of the peak rate reached on large shapes
  double memory = 1.0;   // share of the memory bandwidth reached on large shapes
  bool operator==(const EfficiencyShare&) const = default;
};

/// Of one class: in bf16, and in formats that have shares of their own. A format is that of the weights, of
/// attention that of the KV cache.
struct OperatorEfficiency : EfficiencyShare {
  std::map<Precision, EfficiencyShare> formats;

  OperatorEfficiency() = default;
  OperatorEfficiency(double compute_share, double memory_share)
      : EfficiencyShare{compute_share, memory_share} {}
  const EfficiencyShare& in(Precision format) const {
    if (formats.empty()) return *this;
    const auto own = formats.find(format);
    return own == formats.end() ? *this : own->second;
  }
  bool operator==(const OperatorEfficiency&) const = default;
};

/// Where, when and with which software a profile was measured; each may be empty.
struct Measurement {
  std::string device;                            // as its driver names it
  std::string driver;                            // its version
  std::string date;                              // 2026-11-27
  std::map<std::string, std::string> libraries;  // {"torch": "2.8.0", …}
  bool operator==(const Measurement&) const = default;
};

/// What a GPU reaches of its datasheet. Every report says whether that was measured on it, on another GPU, or
/// is stated.
struct GpuProfile {
  bool measured = false;
  std::string source;
  std::string measured_on;  // a catalogue GPU whose datasheet the tables go with; empty: with the GPU's own
  Measurement measurement;
  OperatorEfficiency gemm, grouped_gemm, prefill_attention, decode_attention, latent_decode_attention,
      elementwise;
  Seconds kernel_overhead;  // of one kernel inside a CUDA graph
  double smoothness = 4.0;  // p of the smooth maximum (a^p + b^p)^(1/p)
  /// Decode attention over caches that lie in slots of one size, half a MiB and more apart, takes so many
  /// times what it takes over caches without gaps.
  double slotted_cache = 1.0;
  Shared<OperatorTables> tables;  // measured times; they correct the formula where there are any
  bool operator==(const GpuProfile&) const = default;
};

struct Gpu {
  std::string name;
  std::string description;
  std::string source;
  Bytes memory;
  BytesPerSecond memory_bandwidth;
  std::map<Precision, FlopsPerSecond> peak;  // dense tensor-core rates; a missing format computes in bf16
  std::int64_t multiprocessors = 0;          // streaming multiprocessors, compute units; 0 = not known
  FlopsPerSecond vector_peak;                // fp32 outside the tensor cores
  BytesPerSecond nvlink;                     // per GPU and direction, over a switch; 0 = none
  BytesPerSecond xgmi;                       // AMD Infinity Fabric: per link and direction; 0 = none
  std::int64_t xgmi_links = 0;               // each to one peer; GPUs with neither talk over PCIe
  BytesPerSecond pcie;                       // per GPU and direction
  Watts tdp;
  GpuPower power;
  std::optional<GpuPrice> price;  // none: not known
  GpuProfile profile;
  bool operator==(const Gpu&) const = default;
};

std::vector<std::string> gpu_names();

/// The GPU with whose datasheet and shares the measured tables of `gpu` go: itself, or the catalogue's that
/// its profile was measured on, here with the tables of `gpu`. What a table says of the formula's times there
/// holds for the formula's times of `gpu`: so measurements scale from GPU to GPU by their datasheets.
Gpu measured_gpu(const Gpu& gpu);

enum class Provenance { measured, scaled, stated };
/// Where a GPU's times of operators come from: its own measurements or those of a GPU of the same datasheet;
/// of another one; none.
Provenance provenance_of(const Gpu& gpu);
/// "measured", "scaled from h200_sxm" or "stated".
std::string provenance_text(const Gpu& gpu);
/// The same of the shares that its power is made of.
std::string power_provenance_text(const Gpu& gpu);

/// `wish` is a catalogue name, a path to a GPU's JSON, or its object. The JSON may lay a few keys over a
/// catalogue GPU,
/// {"base": "h200_sxm", "profile": "my_h200.json"}; paths are relative to the file they stand in, or to
/// `base_folder`. Throws InputError at "source: pointer" with the choices. The keys are those of
/// gpus/h200_sxm.json, those of a profile are in topologies/profile.hpp.
Gpu read_gpu(const Json& wish, const std::string& base_folder, const std::string& source,
             const std::string& pointer = "");
/// The name of a catalogue GPU, or the object form of another with its profile inside: read_gpu reads it
/// back.
Json to_json(const Gpu& gpu);

/// Peak rate of a format. Formats without a row (int4, mxfp4, fp4 on Hopper) compute in bf16; fp32 outside
/// the tensor cores.
FlopsPerSecond peak_rate(const Gpu& gpu, Precision precision);

/// The format that activations take beside weights of this format unless a scenario says otherwise: the
/// weights' own where the GPU computes in it, else bf16.
Precision activations_beside(const Gpu& gpu, Precision weights);

}  // namespace switchyard
