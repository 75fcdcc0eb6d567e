// topk_sigmoid: the k largest logits are chosen; weights = sigmoid of each, not renormalised. Llama 4, with
// k = 1 (Hugging Face modeling_llama4.py, which multiplies the weight into the expert's input).
#include "kernels/routing_rule.hpp"

namespace switchyard {

void topk_sigmoid(const RoutedTokens& block) {
  block.choose_by_logits();
  if (block.weights.empty()) return;
  block.arithmetic.sigmoids(block.logits, block.scratch);
  const auto scale = static_cast<float>(block.shape.routed_scaling_factor);
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const RoutedToken token = block[t];
    for (std::size_t i = 0; i < token.experts.size(); ++i)
      token.weights[i] = token.scratch[token.experts[i]] * scale;
  }
}

}  // namespace switchyard
