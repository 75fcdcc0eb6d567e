// Drawing a gate: Bartlett's factor, the whole matrix when there are more experts than dimensions, or random
// directions in a narrower subspace; then the displacements of the domains.
#include "workloads/routing/generated_gate.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "sim/base/random.hpp"
#include "workloads/routing/normal_numbers.hpp"
#include "workloads/routing/profile.hpp"
#include "workloads/routing/shuffle.hpp"

namespace switchyard {
namespace {

constexpr double kWeightDeviation = 0.02;

/// Where a gate's rows are: the weights of one gate, `stride` apart, of which the first `size` are Gaussian.
struct Rows {
  float* first;
  std::int64_t size;
  std::int64_t stride;

  std::span<float> row(std::int64_t i) const { return {first + i * stride, static_cast<std::size_t>(size)}; }
};

/// Row i of the factor: i normals, then the chi variable on the diagonal.
void fill_factor(const Rows& rows, std::int64_t width, Random& random, NormalNumbers& normals) {
  const std::vector<std::int64_t> order = shuffled(rows.size, random);
  for (std::int64_t i = 0; i < rows.size; ++i) {
    const std::span<float> row = rows.row(order[i]);
    normals.fill(row.first(static_cast<std::size_t>(i)));
    row[i] = static_cast<float>(std::sqrt(random.gamma(static_cast<double>(width - i) / 2.0, 2.0)));
  }
}

/// Rows of random direction, with norms that are chi variables of `width` degrees of freedom.
void fill_directions(const Rows& rows, std::int64_t experts, std::int64_t width, Random& random,
                     NormalNumbers& normals) {
  for (std::int64_t e = 0; e < experts; ++e) {
    const std::span<float> row = rows.row(e);
    normals.fill(row);
    double square = 0.0;
    for (const float value : row) square += static_cast<double>(value) * value;
    const double wanted = random.gamma(static_cast<double>(width) / 2.0, 2.0);
    const auto scale = static_cast<float>(std::sqrt(wanted / square));
    for (float& value : row) value *= scale;
  }
}

/// One column a domain, after the Gaussian ones: biases in deviations of a logit, sqrt(width) before scaling.
void fill_displacements(const Rows& rows, std::int64_t width, const ExpertOrigins& origins) {
  const double deviation = std::sqrt(static_cast<double>(width));
  for (std::size_t e = 0; e < origins.experts.size(); ++e) {
    float* column = rows.row(static_cast<std::int64_t>(e)).data() + rows.size;
    for (const std::vector<double>& bias : origins.profile->expert_bias) {
      *column++ = static_cast<float>(deviation * bias[origins.experts[e]]);
    }
  }
}

}  // namespace

std::int64_t routed_dimension(std::int64_t experts, std::int64_t width, const RoutingPreset& preset) {
  const std::int64_t space = std::min(experts, width);
  if (preset.profiles.empty()) return space;
  const std::int64_t widest = std::min(kWidestSubspace, std::max<std::int64_t>(kMostWeights / experts, 1));
  return std::min(space, widest) + preset.displacements();
}

GeneratedGate generate_gate(const GateShape& shape, std::int64_t width, const RoutingPreset& preset,
                            std::uint64_t seed, std::int64_t layer, std::int64_t layers) {
  const auto index = static_cast<std::uint64_t>(layer);
  Random random(seed, "routing gate", index);
  NormalNumbers normals(Random(seed, "routing gate weights", index));
  GeneratedGate gate{shape, {}, {}};
  gate.shape.hidden_size = routed_dimension(shape.num_experts, width, preset);
  gate.weights.resize(static_cast<std::size_t>(shape.num_experts * gate.shape.hidden_size));
  const Rows rows{gate.weights.data(), gate.shape.hidden_size - preset.displacements(),
                  gate.shape.hidden_size};
  if (rows.size == shape.num_experts) {
    fill_factor(rows, width, random, normals);
  } else if (rows.size == width) {
    normals.fill(gate.weights);
  } else {
    fill_directions(rows, shape.num_experts, width, random, normals);
  }
  if (!preset.profiles.empty()) {
    Random order(seed, "routing profile", index);
    fill_displacements(rows, width,
                       origins_of(preset, relative_depth(layer, layers), shape.num_experts, order));
  }
  const auto scale = static_cast<float>(kWeightDeviation * preset.temperature);
  for (float& weight : gate.weights) weight *= scale;
  if (preset.gate_bias_zipf != 0.0) add_zipf_bias(preset.gate_bias_zipf, gate);
  return gate;
}

void add_zipf_bias(double zipf, GeneratedGate& gate) {
  gate.logit_bias.resize(static_cast<std::size_t>(gate.shape.num_experts));
  for (std::size_t e = 0; e < gate.logit_bias.size(); ++e)
    gate.logit_bias[e] -= static_cast<float>(zipf * std::log(static_cast<double>(e + 1)));
}

}  // namespace switchyard
