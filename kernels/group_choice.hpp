// Device-limited choice: some groups of experts first, then the best experts of those.
#pragma once

#include <span>

#include "kernels/routing_rule.hpp"

namespace switchyard {

/// experts = the highest logits within each token's best topk_group groups by group_scores [tokens, n_group].
/// Scores of other groups are left out, not merely lowered. Overwrites the logits.
void choose_within_best_groups(const RoutedTokens& block, std::span<const float> group_scores);

}  // namespace switchyard
