// A generated gate: weights iid N(0, 0.02²), the initialisation of the published models, in the coordinates
// of their own row space.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gate_shape.hpp"
#include "workloads/routing/preset.hpp"

namespace switchyard {

struct GeneratedGate {
  GateShape shape;                         // the layer's, with hidden_size = min(num_experts, width)
  std::vector<float> weights;              // [num_experts, shape.hidden_size]
  std::vector<float> logit_bias;           // [num_experts], or empty without gate_bias_zipf
  std::vector<float> selection_bias = {};  // [num_experts], or empty: of a gate read from a checkpoint
};

/// The gate W [experts, width] of one layer, scaled by the preset's temperature. With experts <= width it is
/// written W = L Q: the rows of Q are an orthonormal basis of W's row space, and L Lᵀ is a Wishart matrix, so
/// L is lower triangular with independent N(0, 1) entries below a diagonal of chi variables with width - i
/// degrees of freedom (Bartlett 1933), whatever Q. For a Gaussian token x the coordinates Q x are iid N(0, 1)
/// again, so logits L (Q x) have the distribution of W x at a fraction of the cost. Rows come in random
/// order, so that coordinate i, which is mostly seen by one row, means another expert in every layer.
GeneratedGate generate_gate(const GateShape& shape, std::int64_t width, const RoutingPreset& preset,
                            std::uint64_t seed, std::int64_t layer);

}  // namespace switchyard
