// Where experts live: which expert-parallel rank holds each expert of a layer, and which experts have
// replicas.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/eplb.hpp"

namespace switchyard {

struct PlacementInput {
  std::int64_t num_experts = 0;
  SlotShape shape;
  std::span<const float> loads;  // [num_experts]; empty where the placement does not look at them
};

struct ExpertPlacement {
  std::string_view name;  // "linear"
  std::string_view description;
  /// It looks at loads and can fill more slots than there are experts.
  bool balances = false;
  /// The expert in each slot, [slots]; slot s is on rank s / (slots / ranks), and a rank's experts ascend
  /// unless the placement balances. Throws std::invalid_argument unless 1 <= num_experts <= 2048, ranks
  /// divides slots, and, where it does not balance, slots = num_experts; and as balance_experts() does.
  std::vector<std::uint16_t> (*place)(const PlacementInput&);
};

std::span<const ExpertPlacement> expert_placements();

}  // namespace switchyard
