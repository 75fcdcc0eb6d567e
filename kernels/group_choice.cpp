// The kept groups' scores are laid side by side, the best of those chosen, and their places turned back into
// experts. Groups stay in ascending order, so that a tie still goes to the lower expert.
#include "kernels/group_choice.hpp"

namespace switchyard {
namespace {

/// chosen: places among the experts of `groups` -> experts. The quotient place / size is taken by multiplying
/// with 2^22 / size rounded up: exact for places and sizes of at most 2048.
void to_experts(std::span<const std::uint16_t> groups, std::uint32_t size, std::span<std::uint16_t> chosen) {
  const std::uint64_t reciprocal = (1u << 22) / size + 1;
  for (std::uint16_t& place : chosen) {
    const auto group = static_cast<std::uint32_t>((place * reciprocal) >> 22);
    place = static_cast<std::uint16_t>(place + (groups[group] - group) * size);
  }
}

}  // namespace

void choose_within_best_groups(const RoutedTokens& block, std::span<const float> group_scores) {
  const auto tokens = static_cast<std::size_t>(block.tokens);
  const auto kept = static_cast<std::size_t>(block.shape.topk_group);
  const std::size_t size = block.logits.size() / group_scores.size();
  std::array<std::uint16_t, std::tuple_size_v<GroupScores>> room;
  const std::span<std::uint16_t> groups = std::span(room).first(tokens * kept);
  const std::span<float> scores = block.logits.first(tokens * kept * size);
  block.arithmetic.keep_best_groups(group_scores, block.logits, block.tokens, {groups, scores});
  block.arithmetic.choose_top(scores, block.experts, block.tokens);
  for (std::size_t t = 0; t < tokens; ++t) {
    to_experts(groups.subspan(t * kept, kept), static_cast<std::uint32_t>(size),
               block[static_cast<std::int64_t>(t)].experts);
  }
}

}  // namespace switchyard
