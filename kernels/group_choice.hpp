// Device-limited choice: some groups of experts first, then the best experts of those.
#pragma once

#include <array>
#include <span>

#include "kernels/routing_rule.hpp"

namespace switchyard {

/// Room for the group scores of a block. A gate that is limited to some groups has groups of two experts at
/// least.
using GroupScores = std::array<float, RoutedTokens::kMaxTokens * 1024>;

/// The part of it that a block uses, [tokens, n_group].
inline std::span<float> group_scores_of(const RoutedTokens& block, GroupScores& room) {
  return std::span(room).first(static_cast<std::size_t>(block.tokens * block.shape.n_group));
}

/// experts = the highest logits within each token's best topk_group groups by group_scores [tokens, n_group].
/// Scores of other groups are left out, not merely lowered. Overwrites the logits.
void choose_within_best_groups(const RoutedTokens& block, std::span<const float> group_scores);

}  // namespace switchyard
