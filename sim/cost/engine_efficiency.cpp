// Reading factors and laying them over a GPU's profile.
#include "sim/cost/engine_efficiency.hpp"

#include <array>
#include <utility>

namespace switchyard {
namespace {

struct OperatorClass {
  std::string_view name;
  OperatorEfficiency EngineEfficiency::*factor;
  OperatorEfficiency GpuProfile::*reached;
};

constexpr std::array<OperatorClass, 6> kClasses = {{
    {"gemm", &EngineEfficiency::gemm, &GpuProfile::gemm},
    {"grouped_gemm", &EngineEfficiency::grouped_gemm, &GpuProfile::grouped_gemm},
    {"prefill_attention", &EngineEfficiency::prefill_attention, &GpuProfile::prefill_attention},
    {"decode_attention", &EngineEfficiency::decode_attention, &GpuProfile::decode_attention},
    {"latent_decode_attention", &EngineEfficiency::latent_decode_attention,
     &GpuProfile::latent_decode_attention},
    {"elementwise", &EngineEfficiency::elementwise, &GpuProfile::elementwise},
}};

EfficiencyShare scaled(const EfficiencyShare& reached, const EfficiencyShare& factor) {
  return {reached.compute * factor.compute, reached.memory * factor.memory};
}

OperatorEfficiency scaled(const OperatorEfficiency& reached, const OperatorEfficiency& factor) {
  OperatorEfficiency result;
  static_cast<EfficiencyShare&>(result) = scaled(static_cast<const EfficiencyShare&>(reached), factor);
  for (const auto& [format, share] : reached.formats)
    result.formats[format] = scaled(share, factor.in(format));
  for (const auto& [format, share] : factor.formats)
    result.formats[format] = scaled(reached.in(format), share);
  return result;
}

constexpr NumberRange kFactor{0.01, 100.0};

EfficiencyShare read_share(ObjectReader& reader, const EfficiencyShare& otherwise) {
  return {reader.optional_number("compute", otherwise.compute, kFactor),
          reader.optional_number("memory", otherwise.memory, kFactor)};
}

OperatorEfficiency read_class(ObjectReader reader) {
  OperatorEfficiency factor;
  static_cast<EfficiencyShare&>(factor) = read_share(reader, {1.0, 1.0});
  for (const PrecisionRow& row : precisions()) {
    reader.known(row.name);
    if (!reader.has(row.name)) continue;
    ObjectReader own = reader.object(row.name);
    factor.formats[row.precision] = read_share(own, factor);
    own.finish();
  }
  reader.finish();
  return factor;
}

}  // namespace

EngineEfficiency read_engine_efficiency(ObjectReader& profile, std::string_view key) {
  EngineEfficiency efficiency;
  profile.known(key);
  if (!profile.has(key)) return efficiency;
  ObjectReader reader = profile.object(key);
  for (const OperatorClass& row : kClasses) {
    reader.known(row.name);
    if (!reader.has(row.name)) continue;
    efficiency.*row.factor = read_class(reader.object(row.name));
  }
  efficiency.kernel_overhead = reader.optional_number("kernel_overhead", 1.0, {0.0, 100.0});
  reader.finish();
  return efficiency;
}

Gpu formula_gpu(Gpu gpu, const EngineEfficiency& engine) {
  for (const OperatorClass& row : kClasses) {
    OperatorEfficiency& reached = gpu.profile.*row.reached;
    reached = scaled(reached, engine.*row.factor);
  }
  gpu.profile.kernel_overhead = gpu.profile.kernel_overhead * engine.kernel_overhead;
  gpu.profile.tables = {};
  gpu.profile.measured_on.clear();
  return gpu;
}

}  // namespace switchyard
