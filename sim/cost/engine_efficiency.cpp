// Reading factors and laying them over a GPU's profile.
#include "sim/cost/engine_efficiency.hpp"

#include <array>
#include <utility>

namespace switchyard {
namespace {

struct OperatorClass {
  std::string_view name;
  EfficiencyShare EngineEfficiency::*factor;
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

void scale(EfficiencyShare& reached, const EfficiencyShare& factor) {
  reached.compute *= factor.compute;
  reached.memory *= factor.memory;
}

constexpr NumberRange kFactor{0.01, 100.0};

}  // namespace

EngineEfficiency read_engine_efficiency(ObjectReader& profile, std::string_view key) {
  EngineEfficiency efficiency;
  profile.known(key);
  if (!profile.has(key)) return efficiency;
  ObjectReader reader = profile.object(key);
  for (const OperatorClass& row : kClasses) {
    reader.known(row.name);
    if (!reader.has(row.name)) continue;
    ObjectReader shares = reader.object(row.name);
    EfficiencyShare& factor = efficiency.*row.factor;
    factor.compute = shares.optional_number("compute", 1.0, kFactor);
    factor.memory = shares.optional_number("memory", 1.0, kFactor);
    shares.finish();
  }
  efficiency.kernel_overhead = reader.optional_number("kernel_overhead", 1.0, {0.0, 100.0});
  reader.finish();
  return efficiency;
}

Gpu formula_gpu(Gpu gpu, const EngineEfficiency& engine) {
  for (const OperatorClass& row : kClasses) {
    OperatorEfficiency& reached = gpu.profile.*row.reached;
    const EfficiencyShare& factor = engine.*row.factor;
    scale(reached, factor);
    for (auto& [format, share] : reached.formats) scale(share, factor);
  }
  gpu.profile.kernel_overhead = gpu.profile.kernel_overhead * engine.kernel_overhead;
  gpu.profile.tables = {};
  gpu.profile.measured_on.clear();
  return gpu;
}

}  // namespace switchyard
