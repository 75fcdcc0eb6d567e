// group_limited_greedy: DeepSeek-V2's device-limited gate (arXiv:2405.04434 section 2.2.2;
// modeling_deepseek.py of deepseek-ai/DeepSeek-V2). p = softmax(logits) over all experts; a group's score is
// its largest p; the best topk_group groups are kept and the k largest p among them chosen. Weights = p *
// routed_scaling_factor, not renormalised. The choice is made on the logits, which order as p does (see
// softmax_topk.cpp for ties).
#include <algorithm>
#include <array>

#include "kernels/routing_rule.hpp"
#include "kernels/selection.hpp"

namespace switchyard {
namespace {

void keep_groups(const GateShape& shape, std::span<float> choice) {
  std::array<float, 1024> group_scores;
  const auto groups = static_cast<std::size_t>(shape.n_group);
  const std::size_t size = choice.size() / groups;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::span<float> group = choice.subspan(g * size, size);
    group_scores[g] = *std::max_element(group.begin(), group.end());
  }
  keep_best_groups({group_scores.data(), groups}, shape.topk_group, choice);
}

}  // namespace

void group_limited_greedy(const RoutedToken& token) {
  if (!token.weights.empty()) softmax_into_scratch(token);
  if (token.shape.topk_group < token.shape.n_group) keep_groups(token.shape, token.logits);
  choose_top(token.logits, token.experts);
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (std::size_t i = 0; i < token.weights.size(); ++i)
    token.weights[i] = token.scratch[token.experts[i]] * scale;
}

}  // namespace switchyard
