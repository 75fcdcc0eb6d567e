// softmax_topk_renorm: as softmax_topk, then the k weights are divided by their sum (in order of choice).
// Mixtral (arXiv:2401.04088; Hugging Face modeling_mixtral.py), Qwen3-MoE (norm_topk_prob = true).
#include "kernels/routing_rule.hpp"

namespace switchyard {

void softmax_topk_renorm(const RoutedTokens& block) {
  block.choose_by_logits();
  if (block.weights.empty()) return;
  weigh_by_softmax(block);
  const auto scale = static_cast<float>(block.shape.routed_scaling_factor);
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const std::span<float> weights = block[t].weights;
    float sum = 0.0f;
    for (const float weight : weights) sum += weight;
    for (float& weight : weights) weight = weight / sum * scale;
  }
}

}  // namespace switchyard
