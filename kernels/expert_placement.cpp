// The table of expert placements.
#include "kernels/expert_placement.hpp"

#include <stdexcept>
#include <string>

namespace switchyard {
namespace {

void check(std::int64_t num_experts, std::int64_t ranks) {
  if (num_experts < 1 || num_experts > 2048 || ranks < 1 || num_experts % ranks != 0) {
    throw std::invalid_argument("expert placement: " + std::to_string(num_experts) +
                                " experts cannot be shared out equally among " + std::to_string(ranks) +
                                " ranks");
  }
}

template <class RankOf>
std::vector<std::uint16_t> place_each(std::int64_t num_experts, std::int64_t ranks, RankOf rank_of) {
  check(num_experts, ranks);
  std::vector<std::uint16_t> result(static_cast<std::size_t>(num_experts));
  for (std::int64_t e = 0; e < num_experts; ++e) result[e] = static_cast<std::uint16_t>(rank_of(e));
  return result;
}

std::vector<std::uint16_t> linear(std::int64_t num_experts, std::int64_t ranks) {
  return place_each(num_experts, ranks, [=](std::int64_t e) { return e / (num_experts / ranks); });
}

std::vector<std::uint16_t> round_robin(std::int64_t num_experts, std::int64_t ranks) {
  return place_each(num_experts, ranks, [=](std::int64_t e) { return e % ranks; });
}

constexpr ExpertPlacement kPlacements[] = {
    {"linear", "Expert e on rank e / (experts / ranks): equal blocks of neighbours", linear},
    {"round_robin", "Expert e on rank e mod ranks: neighbours on different ranks", round_robin},
};

}  // namespace

std::span<const ExpertPlacement> expert_placements() { return kPlacements; }

}  // namespace switchyard
