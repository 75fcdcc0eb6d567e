// noaux_tc: DeepSeek-V3's gate (arXiv:2412.19437 section 2.1.2; deepseek-ai/DeepSeek-V3 inference/model.py),
// also Kimi-K2 and GLM with n_group = 1. s = sigmoid(logits); c = s + selection_bias. A group's score is the
// sum of its two largest c; the best topk_group groups are kept and the k largest c among them chosen.
// Weights are the s of the chosen (without the bias) / (their sum + 1e-20) * routed_scaling_factor.
//
// Other groups are masked with -inf, as in the official inference code. Hugging Face transformers masks with
// 0, which chooses masked experts when all c are negative; the choice differs only then.
#include <algorithm>
#include <array>

#include "kernels/routing_rule.hpp"
#include "kernels/selection.hpp"

namespace switchyard {
namespace {

float sum_of_top_two(std::span<const float> scores) {
  float first = std::max(scores[0], scores[1]);
  float second = std::min(scores[0], scores[1]);
  for (const float score : scores.subspan(2)) {
    second = std::max(second, std::min(first, score));
    first = std::max(first, score);
  }
  return first + second;
}

void keep_groups(const GateShape& shape, std::span<float> choice) {
  std::array<float, 1024> group_scores;
  const auto groups = static_cast<std::size_t>(shape.n_group);
  const std::size_t size = choice.size() / groups;
  for (std::size_t g = 0; g < groups; ++g) group_scores[g] = sum_of_top_two(choice.subspan(g * size, size));
  keep_best_groups({group_scores.data(), groups}, shape.topk_group, choice);
}

}  // namespace

void noaux_tc(const RoutedToken& token) {
  const std::span<float> scores = token.scratch;
  const std::span<float> choice = token.logits;
  token.arithmetic.sigmoids(token.logits, scores);
  std::copy(scores.begin(), scores.end(), choice.begin());
  for (std::size_t e = 0; e < token.selection_bias.size(); ++e) choice[e] += token.selection_bias[e];
  if (token.shape.topk_group < token.shape.n_group) keep_groups(token.shape, choice);
  choose_top(choice, token.experts);
  if (token.weights.empty()) return;

  float sum = 0.0f;
  for (const std::uint16_t expert : token.experts) sum += scores[expert];
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (std::size_t i = 0; i < token.experts.size(); ++i) {
    token.weights[i] = scores[token.experts[i]] / (sum + 1e-20f) * scale;
  }
}

}  // namespace switchyard
