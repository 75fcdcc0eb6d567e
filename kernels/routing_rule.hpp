// What an expert router adds to the common arithmetic: a rule from one token's logits to its experts and
// weights. Each rule is one .cpp and one row of the table in expert_router.cpp.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/gate_arithmetic.hpp"
#include "kernels/gate_shape.hpp"

namespace switchyard {

/// One token at a rule's hands. logits [num_experts] are finite, biased where the gate has a bias, and the
/// rule's own to overwrite; scratch has the same size. weights is empty when nobody wants them.
struct RoutedToken {
  const GateShape& shape;
  const GateArithmetic& arithmetic;
  std::span<const float> selection_bias;
  std::span<float> logits;
  std::span<float> scratch;
  std::span<std::uint16_t> experts;
  std::span<float> weights;
};

void softmax_topk(const RoutedToken& token);
void softmax_topk_renorm(const RoutedToken& token);
void topk_softmax(const RoutedToken& token);
void noaux_tc(const RoutedToken& token);
void group_limited_greedy(const RoutedToken& token);
void topk_sigmoid(const RoutedToken& token);
void sparsemixer(const RoutedToken& token);

/// scratch = softmax of the logits over all experts: exp(logit - max) / sum, summed from expert 0 upwards.
void softmax_into_scratch(const RoutedToken& token);

}  // namespace switchyard
