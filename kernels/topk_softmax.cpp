// topk_softmax: the k largest logits (their learned bias included) are chosen; weights = softmax over those
// k. gpt-oss (arXiv:2508.10925; Hugging Face modeling_gpt_oss.py). In exact arithmetic equal to
// softmax_topk_renorm.
#include "kernels/exponential.hpp"
#include "kernels/routing_rule.hpp"

namespace switchyard {

void topk_softmax(const RoutedTokens& block) {
  block.choose_by_logits();
  if (block.weights.empty()) return;
  const auto scale = static_cast<float>(block.shape.routed_scaling_factor);
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const RoutedToken token = block[t];
    softmax_of_chosen(token.logits, token.experts, scale, token.weights);
  }
}

void softmax_of_chosen(std::span<const float> logits, std::span<const std::uint16_t> chosen, float scale,
                       std::span<float> weights) {
  const float highest = logits[chosen[0]];
  float sum = 0.0f;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    weights[i] = exp_fp32(logits[chosen[i]] - highest);
    sum += weights[i];
  }
  for (float& weight : weights) weight = weight / sum * scale;
}

}  // namespace switchyard
