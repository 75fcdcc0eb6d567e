// A generated gate: weights iid N(0, 0.02²), the initialisation of the published models, in the coordinates
// of their own row space.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gate_shape.hpp"
#include "workloads/routing/preset.hpp"

namespace switchyard {

/// Coordinates of a token's hidden state that a gate of so many experts is given: its row space, at most the
/// model's width, and one direction a domain where the preset has profiles. A preset with profiles draws no
/// more of the former than kWidestSubspace, and no more weights than kMostWeights, so that a bank of 512 or
/// 2048 experts is built in time. Rows of W then are less orthogonal than in the model's width: the cosine of
/// two has deviation 1/16 in 256 dimensions (1/64 in 4096), and experts come in faint families.
std::int64_t routed_dimension(std::int64_t experts, std::int64_t width, const RoutingPreset& preset);
inline constexpr std::int64_t kWidestSubspace = 256;
inline constexpr std::int64_t kMostWeights = 1 << 17;

struct GeneratedGate {
  GateShape shape;                         // the layer's, with hidden_size = routed_dimension
  std::vector<float> weights;              // [num_experts, shape.hidden_size]
  std::vector<float> logit_bias;           // [num_experts], or empty without gate_bias_zipf
  std::vector<float> selection_bias = {};  // [num_experts], or empty: of a gate read from a checkpoint
};

/// The gate W [experts, width] of one of the model's MoE layers, scaled by the preset's temperature. With
/// experts <= width it is written W = L Q: the rows of Q are an orthonormal basis of W's row space, and L Lᵀ
/// is a Wishart matrix, so L is lower triangular with independent N(0, 1) entries below a diagonal of chi
/// variables with width - i degrees of freedom (Bartlett 1933), whatever Q. For a Gaussian token x the
/// coordinates Q x are iid N(0, 1) again, so logits L (Q x) have the distribution of W x at a fraction of the
/// cost. Rows come in random order, so that coordinate i, which is mostly seen by one row, means another
/// expert in every layer. In a subspace that is narrower than both, rows have random directions and the norms
/// that they have in the model's width. The last columns, one a domain, hold the profile's biases.
GeneratedGate generate_gate(const GateShape& shape, std::int64_t width, const RoutingPreset& preset,
                            std::uint64_t seed, std::int64_t layer, std::int64_t layers);

/// Adds -zipf ln(e + 1) to the logit of expert e.
void add_zipf_bias(double zipf, GeneratedGate& gate);

}  // namespace switchyard
