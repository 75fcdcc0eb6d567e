// How many tokens a routing bank has: a fixed estimate of the time they take, so that the size never depends
// on the clock or the machine.
#include <algorithm>
#include <cmath>

#include "workloads/routing/bank.hpp"
#include "workloads/routing/generated_gate.hpp"

namespace switchyard {
namespace {

constexpr double kBudget = 0.4e9;  // ns, for building on one core

/// Nanoseconds of one core.
struct Cost {
  double multiply_add;
  double coordinate;  // of a token's hidden state: normal numbers and passes over them
  double expert;      // check, score and select
  double token;       // norm, store, count
  double weight;      // of a gate
};

/// Without profiles as measured by building the banks of real models at 2.45 GHz with AVX2 (Zen 3), before
/// selection was vectorised: the size of a pool is part of its preset's results, so it stays. With profiles
/// as measured at 2.3 GHz with AVX-512 (Sapphire Rapids), about half as much again for slower machines.
Cost cost_of(const RoutingPreset& preset) {
  if (preset.displacements() > 0) return {0.03, 8.0, 1.5, 150.0, 4.0};
  const double normals =
      1.0 + (preset.sequence_share.absent() ? 0.0 : 2.0) + (preset.token_share.absent() ? 0.0 : 1.0);
  return {0.045, 4.0 * normals, 4.0, 250.0, 4.0};
}

/// Length before streams: requests find the locality of text in a stream, and other streams at its end.
StreamPool shape_of(double tokens, const RoutingPreset& preset) {
  const std::uint32_t fewest = tokens >= 128.0 * 64.0 ? 128 : 64;
  const double blocks = std::clamp(std::floor(tokens / (16.0 * fewest)), 1.0, 16.0);
  if (preset.displacements() == 0) return {fewest, 16 * static_cast<std::uint32_t>(blocks)};
  const double more = std::clamp(std::floor(tokens / (256.0 * blocks)), fewest / 16.0, 8.0);
  return {16 * static_cast<std::uint32_t>(more), 16 * static_cast<std::uint32_t>(blocks)};
}

}  // namespace

StreamPool pool_of(const Architecture& architecture, const RoutingPreset& preset) {
  const Cost cost = cost_of(preset);
  double fixed = 0.0;
  double per_token = 0.0;
  for (const Layer& layer : architecture.layers) {
    if (!layer.moe) continue;
    const auto experts = static_cast<double>(layer.moe->gate.num_experts);
    const auto dimension =
        static_cast<double>(routed_dimension(layer.moe->gate.num_experts, architecture.hidden_size, preset));
    fixed += experts * dimension * cost.weight;
    per_token += experts * dimension * cost.multiply_add + dimension * cost.coordinate +
                 experts * cost.expert + cost.token;
  }
  return shape_of(std::max(0.0, kBudget - fixed) / std::max(per_token, 1.0), preset);
}

}  // namespace switchyard
