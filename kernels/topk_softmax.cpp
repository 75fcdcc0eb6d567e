// topk_softmax: the k largest logits (their learned bias included) are chosen; weights = softmax over those
// k. gpt-oss (arXiv:2508.10925; Hugging Face modeling_gpt_oss.py). In exact arithmetic equal to
// softmax_topk_renorm.
#include "kernels/exponential.hpp"
#include "kernels/routing_rule.hpp"

namespace switchyard {
namespace {

void weigh(const RoutedToken& token) {
  const float highest = token.logits[token.experts[0]];
  float sum = 0.0f;
  for (std::size_t i = 0; i < token.experts.size(); ++i) {
    token.weights[i] = exp_fp32(token.logits[token.experts[i]] - highest);
    sum += token.weights[i];
  }
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (float& weight : token.weights) weight = weight / sum * scale;
}

}  // namespace

void topk_softmax(const RoutedTokens& block) {
  block.choose_by_logits();
  if (block.weights.empty()) return;
  for (std::int64_t t = 0; t < block.tokens; ++t) weigh(block[t]);
}

}  // namespace switchyard
