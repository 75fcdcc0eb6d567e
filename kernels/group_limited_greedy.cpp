// group_limited_greedy: DeepSeek-V2's device-limited gate (arXiv:2405.04434 section 2.2.2;
// modeling_deepseek.py of deepseek-ai/DeepSeek-V2). p = softmax(logits) over all experts; a group's score is
// its largest p; the best topk_group groups are kept and the k largest p among them chosen. Weights = p *
// routed_scaling_factor, not renormalised. The choice is made on the logits, which order as p does (see
// softmax_topk.cpp for ties).
#include <algorithm>

#include "kernels/group_choice.hpp"
#include "kernels/routing_rule.hpp"

namespace switchyard {
namespace {

void choose(const RoutedTokens& block) {
  if (block.shape.topk_group == block.shape.n_group) return block.choose_by_logits();
  GroupScores room;
  const std::span<float> group_scores = group_scores_of(block, room);
  const std::size_t size = block.logits.size() / group_scores.size();
  for (std::size_t g = 0; g < group_scores.size(); ++g) {
    const std::span<float> group = block.logits.subspan(g * size, size);
    group_scores[g] = *std::max_element(group.begin(), group.end());
  }
  choose_within_best_groups(block, group_scores);
}

}  // namespace

void group_limited_greedy(const RoutedTokens& block) {
  if (!block.weights.empty()) {
    for (std::int64_t t = 0; t < block.tokens; ++t) softmax_into_scratch(block[t]);
  }
  choose(block);
  if (block.weights.empty()) return;
  const auto scale = static_cast<float>(block.shape.routed_scaling_factor);
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const RoutedToken token = block[t];
    for (std::size_t i = 0; i < token.experts.size(); ++i)
      token.weights[i] = token.scratch[token.experts[i]] * scale;
  }
}

}  // namespace switchyard
