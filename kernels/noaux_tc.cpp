// noaux_tc: DeepSeek-V3's gate (arXiv:2412.19437 section 2.1.2; deepseek-ai/DeepSeek-V3 inference/model.py),
// also Kimi-K2 and GLM with n_group = 1. s = sigmoid(logits); c = s + selection_bias. A group's score is the
// sum of its two largest c; the best topk_group groups are kept and the k largest c among them chosen.
// Weights are the s of the chosen (without the bias) / (their sum + 1e-20) * routed_scaling_factor.
//
// Other groups are masked with -inf, as in the official inference code. Hugging Face transformers masks with
// 0, which chooses masked experts when all c are negative; the choice differs only then.
#include <array>

#include "kernels/group_choice.hpp"
#include "kernels/routing_rule.hpp"

namespace switchyard {
namespace {

/// All tokens' scores are gathered before any is divided: a vector that is read as soon as its parts have
/// been written waits for each of them.
void weigh(const RoutedTokens& block) {
  std::array<float, RoutedTokens::kMaxTokens> sums{};
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const RoutedToken token = block[t];
    float& sum = sums[static_cast<std::size_t>(t)];
    for (std::size_t i = 0; i < token.experts.size(); ++i) {
      token.weights[i] = token.scratch[token.experts[i]];
      sum += token.weights[i];
    }
  }
  const auto scale = static_cast<float>(block.shape.routed_scaling_factor);
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const float sum = sums[static_cast<std::size_t>(t)] + 1e-20f;
    for (float& weight : block[t].weights) weight = weight / sum * scale;
  }
}

}  // namespace

void noaux_tc(const RoutedTokens& block) {
  block.arithmetic.biased_sigmoids(block.logits, block.selection_bias, block.scratch, block.logits);
  if (block.shape.topk_group < block.shape.n_group) {
    GroupScores room;
    const std::span<float> group_scores = group_scores_of(block, room);
    block.arithmetic.sums_of_two_best(block.logits, group_scores);
    choose_within_best_groups(block, group_scores);
  } else {
    block.choose_by_logits();
  }
  if (!block.weights.empty()) weigh(block);
}

}  // namespace switchyard
