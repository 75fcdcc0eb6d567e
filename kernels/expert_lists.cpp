// A counting sort: count, sum, place.
#include "kernels/expert_lists.hpp"

#include <limits>
#include <stdexcept>
#include <string>

#include "kernels/expert_router.hpp"

namespace switchyard {
namespace {

void refuse(const std::string& problem) { throw std::invalid_argument("expert lists: " + problem); }

void count(std::span<const std::uint16_t> experts, std::span<std::uint32_t> counts) {
  for (const std::uint16_t expert : experts) {
    if (expert < counts.size()) ++counts[expert];
    else if (expert != kNoExpert) refuse("expert " + std::to_string(expert) + " does not exist");
  }
}

}  // namespace

void sort_by_expert(std::span<const std::uint16_t> experts, std::int64_t columns, std::int64_t num_experts,
                    ExpertLists& lists) {
  if (columns < 1 || experts.size() % static_cast<std::size_t>(columns) != 0)
    refuse("experts is not [tokens, columns]");
  if (num_experts < 1 || num_experts >= kNoExpert) refuse("num_experts is outside 1 to 65534");
  if (experts.size() > std::numeric_limits<std::uint32_t>::max()) refuse("more than 2^32 - 1 assignments");

  // Counts stand two places on, so that after summing, place e + 1 holds where expert e begins; placing its
  // tokens moves that to where it ends, which is where e + 1 begins.
  const auto all = static_cast<std::size_t>(num_experts);
  lists.offsets.assign(all + 2, 0);
  count(experts, std::span(lists.offsets).subspan(2));
  for (std::size_t e = 2; e < all + 2; ++e) lists.offsets[e] += lists.offsets[e - 1];
  lists.tokens.resize(lists.offsets.back());
  const std::uint16_t* place = experts.data();
  for (std::uint32_t token = 0; place != experts.data() + experts.size(); ++token) {
    for (std::int64_t i = 0; i < columns; ++i, ++place) {
      if (*place != kNoExpert) lists.tokens[lists.offsets[*place + std::size_t{1}]++] = token;
    }
  }
  lists.offsets.pop_back();
}

}  // namespace switchyard
