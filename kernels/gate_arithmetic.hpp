// The arithmetic that every expert router is built on, in two variants that agree bit for bit: a scalar one
// that fixes the order of operations, and one that computes many experts at a time. What is selected from the
// results is shared.
#pragma once

#include <span>

#include "kernels/expert_router.hpp"

namespace switchyard {

struct GateArithmetic {
  /// scores [tokens, num_experts] = hidden · weightsᵀ, then + logit_bias where there is one. Each product is
  /// one chain of fp32 fused multiply-adds over the hidden dimension, from index 0 upwards, starting at 0.
  void (*logits)(const GateInput& input, std::span<float> scores);

  /// out[i] = exp(logits[i] - shift), by exp_fp32 (kernels/exponential.hpp). Finite logits, shift their
  /// maximum.
  void (*exponentials)(std::span<const float> logits, float shift, std::span<float> out);

  /// out[i] = 1 / (1 + exp(-logits[i])), by exp_fp32.
  void (*sigmoids)(std::span<const float> logits, std::span<float> out);
};

/// The definition.
const GateArithmetic& scalar_arithmetic();

/// Highway, for the widest vectors of this machine (AVX2, AVX-512). Every element sees the scalar sequence of
/// operations, so the bits are those of scalar_arithmetic().
const GateArithmetic& vector_arithmetic();

}  // namespace switchyard
