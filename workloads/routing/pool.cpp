// How many tokens a routing bank has: a fixed estimate of the time they take, so that the size never depends
// on the clock or the machine.
#include <algorithm>
#include <cmath>

#include "workloads/routing/bank.hpp"
#include "workloads/routing/generated_gate.hpp"

namespace switchyard {
namespace {

constexpr double kBudget = 0.4e9;  // ns, for building on one core

// Nanoseconds on one 2.45 GHz Zen 3 core (AVX2), measured by building the banks of real models.
constexpr double kMultiplyAdd = 0.045;
constexpr double kNormal = 4.0;
constexpr double kExpert = 4.0;   // check, score and select
constexpr double kToken = 250.0;  // norm, store, count

/// Normal numbers, or passes over memory that cost as much, for a coordinate of a token.
double normals_of(const RoutingPreset& preset) {
  return 1.0 + (preset.sequence_share.absent() ? 0.0 : 2.0) + (preset.token_share.absent() ? 0.0 : 1.0);
}

}  // namespace

StreamPool pool_of(const Architecture& architecture, const RoutingPreset& preset) {
  double fixed = 0.0;
  double per_token = 0.0;
  for (const Layer& layer : architecture.layers) {
    if (!layer.moe) continue;
    const auto experts = static_cast<double>(layer.moe->gate.num_experts);
    const auto dimension =
        static_cast<double>(routed_dimension(layer.moe->gate.num_experts, architecture.hidden_size, preset));
    fixed += experts * dimension * kNormal;
    per_token += experts * dimension * kMultiplyAdd + dimension * normals_of(preset) * kNormal +
                 experts * kExpert + kToken;
  }
  const double tokens = std::max(0.0, kBudget - fixed) / std::max(per_token, 1.0);
  const std::uint32_t streams = tokens >= 128.0 * 64.0 ? 128 : 64;
  const double blocks = std::floor(tokens / (16.0 * streams));
  return {streams, 16 * static_cast<std::uint32_t>(std::clamp(blocks, 1.0, 16.0))};
}

}  // namespace switchyard
