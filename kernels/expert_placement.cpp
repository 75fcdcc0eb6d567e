// The table of expert placements.
#include "kernels/expert_placement.hpp"

#include <stdexcept>
#include <string>

namespace switchyard {
namespace {

void check_one_each(const PlacementInput& input) {
  const std::int64_t ranks = input.shape.ranks;
  if (input.num_experts < 1 || input.num_experts > 2048 || ranks < 1 || input.num_experts % ranks != 0) {
    throw std::invalid_argument("expert placement: " + std::to_string(input.num_experts) +
                                " experts cannot be shared out equally among " + std::to_string(ranks) +
                                " ranks");
  }
  if (input.shape.slots != input.num_experts) {
    throw std::invalid_argument("expert placement: " + std::to_string(input.shape.slots) + " slots for " +
                                std::to_string(input.num_experts) +
                                " experts; only a placement that balances has replicas");
  }
}

std::vector<std::uint16_t> linear(const PlacementInput& input) {
  check_one_each(input);
  std::vector<std::uint16_t> slots;
  for (std::int64_t e = 0; e < input.num_experts; ++e) slots.push_back(static_cast<std::uint16_t>(e));
  return slots;
}

std::vector<std::uint16_t> round_robin(const PlacementInput& input) {
  check_one_each(input);
  std::vector<std::uint16_t> slots;
  for (std::int64_t rank = 0; rank < input.shape.ranks; ++rank)
    for (std::int64_t e = rank; e < input.num_experts; e += input.shape.ranks)
      slots.push_back(static_cast<std::uint16_t>(e));
  return slots;
}

void check_loads(const PlacementInput& input) {
  if (static_cast<std::int64_t>(input.loads.size()) != input.num_experts)
    throw std::invalid_argument("expert placement: loads is not [num_experts]");
}

std::vector<std::uint16_t> eplb(const PlacementInput& input) {
  check_loads(input);
  return balance_experts(input.loads, input.shape, eplb_policy(input.num_experts, input.shape));
}

std::vector<std::uint16_t> eplb_global(const PlacementInput& input) {
  check_loads(input);
  return balance_experts(input.loads, input.shape, EplbPolicy::global);
}

constexpr ExpertPlacement kPlacements[] = {
    {"linear", "Expert e on rank e / (experts / ranks): equal blocks of neighbours", false, linear},
    {"round_robin", "Expert e on rank e mod ranks: neighbours on different ranks", false, round_robin},
    {"eplb",
     "By load, with replicas of busy experts; groups of experts stay on a node where nodes divide them "
     "(DeepSeek's EPLB)",
     true, eplb},
    {"eplb_global", "By load, with replicas of busy experts, whatever their groups and the nodes", true,
     eplb_global},
};

}  // namespace

std::span<const ExpertPlacement> expert_placements() { return kPlacements; }

}  // namespace switchyard
