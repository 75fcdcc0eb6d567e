// softmax_topk: p = softmax(logits) over all experts; the k largest p are chosen; weights = p, not
// renormalised. OLMoE (arXiv:2409.02060; Hugging Face modeling_olmoe.py, norm_topk_prob = false).
//
// The choice is made on the logits. Softmax is strictly increasing in its logit, so this is the same set and
// order; only two different logits whose fp32 probabilities round to one value are a tie there and not here,
// and the published code leaves the order of ties open (torch.topk). Here the higher logit wins, then the
// lower index.
#include <algorithm>

#include "kernels/routing_rule.hpp"
#include "kernels/selection.hpp"

namespace switchyard {

void softmax_topk(const RoutedToken& token) {
  choose_top(token.logits, token.experts);
  if (token.weights.empty()) return;
  softmax_into_scratch(token);
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (std::size_t i = 0; i < token.experts.size(); ++i)
    token.weights[i] = token.scratch[token.experts[i]] * scale;
}

void softmax_into_scratch(const RoutedToken& token) {
  const float highest = *std::max_element(token.logits.begin(), token.logits.end());
  token.arithmetic.exponentials(token.logits, highest, token.scratch);
  float sum = 0.0f;
  for (const float value : token.scratch) sum += value;
  for (float& value : token.scratch) value /= sum;
}

}  // namespace switchyard
