// Drawing a gate: Bartlett's factor, or the whole matrix when there are more experts than dimensions.
#include "workloads/routing/generated_gate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/random.hpp"
#include "workloads/routing/normal_numbers.hpp"

namespace switchyard {
namespace {

constexpr double kWeightDeviation = 0.02;

std::vector<std::int64_t> shuffled(std::int64_t count, Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = count - 1; i > 0; --i) std::swap(order[i], order[random.integer(0, i)]);
  return order;
}

/// Row i of the factor: i normals, then the chi variable on the diagonal.
void fill_factor(GeneratedGate& gate, std::int64_t width, Random& random, NormalNumbers& normals) {
  const std::int64_t size = gate.shape.hidden_size;
  const std::vector<std::int64_t> order = shuffled(size, random);
  for (std::int64_t i = 0; i < size; ++i) {
    float* row = gate.weights.data() + order[i] * size;
    normals.fill({row, static_cast<std::size_t>(i)});
    row[i] = static_cast<float>(std::sqrt(random.gamma(static_cast<double>(width - i) / 2.0, 2.0)));
  }
}

}  // namespace

GeneratedGate generate_gate(const GateShape& shape, std::int64_t width, const RoutingPreset& preset,
                            std::uint64_t seed, std::int64_t layer) {
  const auto index = static_cast<std::uint64_t>(layer);
  Random random(seed, "routing gate", index);
  NormalNumbers normals(Random(seed, "routing gate weights", index));
  GeneratedGate gate{shape, {}, {}};
  gate.shape.hidden_size = std::min(shape.num_experts, width);
  gate.weights.resize(static_cast<std::size_t>(shape.num_experts * gate.shape.hidden_size));
  if (shape.num_experts <= width) {
    fill_factor(gate, width, random, normals);
  } else {
    normals.fill(gate.weights);
  }
  const auto scale = static_cast<float>(kWeightDeviation * preset.temperature);
  for (float& weight : gate.weights) weight *= scale;
  if (preset.gate_bias_zipf == 0.0) return gate;
  for (std::int64_t e = 0; e < shape.num_experts; ++e) {
    gate.logit_bias.push_back(
        static_cast<float>(-preset.gate_bias_zipf * std::log(static_cast<double>(e + 1))));
  }
  return gate;
}

}  // namespace switchyard
