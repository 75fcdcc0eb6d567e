// sqrt_softplus: DeepSeek-V4's gate (deepseek-ai/DeepSeek-V4-Flash, inference/model.py and config.json,
// scoring_func "sqrtsoftplus"). s = sqrt(ln(1 + e^logit)); the k largest s + selection_bias are chosen;
// weights are the s of the chosen (without the bias) / their sum * routed_scaling_factor. One group.
//
// Without a bias the choice is made on the logits, which order as s does (see softmax_topk.cpp for ties).
#include <algorithm>
#include <cmath>

#include "kernels/logarithm.hpp"
#include "kernels/routing_rule.hpp"

namespace switchyard {
namespace {

float score(float logit) { return std::sqrt(softplus_fp32(logit)); }

void choose(const RoutedToken& token) {
  if (token.selection_bias.empty()) return token.arithmetic.choose_top(token.logits, token.experts, 1);
  for (std::size_t e = 0; e < token.logits.size(); ++e)
    token.scratch[e] = score(token.logits[e]) + token.selection_bias[e];
  token.arithmetic.choose_top(token.scratch, token.experts, 1);
}

}  // namespace

void sqrt_softplus(const RoutedToken& token) {
  choose(token);
  if (token.weights.empty()) return;
  float sum = 0.0f;
  for (std::size_t i = 0; i < token.experts.size(); ++i) {
    token.weights[i] = score(token.logits[token.experts[i]]);
    sum += token.weights[i];
  }
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (float& weight : token.weights) weight = weight / sum * scale;
}

}  // namespace switchyard
