// softmax_topk_renorm: as softmax_topk, then the k weights are divided by their sum (in order of choice).
// Mixtral (arXiv:2401.04088; Hugging Face modeling_mixtral.py), Qwen3-MoE (norm_topk_prob = true).
#include "kernels/routing_rule.hpp"
#include "kernels/selection.hpp"

namespace switchyard {

void softmax_topk_renorm(const RoutedToken& token) {
  choose_top(token.logits, token.experts);
  if (token.weights.empty()) return;
  softmax_into_scratch(token);
  float sum = 0.0f;
  for (const std::uint16_t expert : token.experts) sum += token.scratch[expert];
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (std::size_t i = 0; i < token.experts.size(); ++i) {
    token.weights[i] = token.scratch[token.experts[i]] / sum * scale;
  }
}

}  // namespace switchyard
