// topk_sigmoid: the k largest logits are chosen; weights = sigmoid of each, not renormalised. Llama 4, with
// k = 1 (Hugging Face modeling_llama4.py, which multiplies the weight into the expert's input).
#include "kernels/routing_rule.hpp"
#include "kernels/selection.hpp"

namespace switchyard {

void topk_sigmoid(const RoutedToken& token) {
  choose_top(token.logits, token.experts);
  if (token.weights.empty()) return;
  token.arithmetic.sigmoids(token.logits, token.scratch);
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (std::size_t i = 0; i < token.experts.size(); ++i)
    token.weights[i] = token.scratch[token.experts[i]] * scale;
}

}  // namespace switchyard
