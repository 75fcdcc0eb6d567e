// Where experts live: which expert-parallel rank holds each expert of a layer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace switchyard {

struct ExpertPlacement {
  std::string_view name;  // "linear"
  std::string_view description;
  /// rank_of_expert [num_experts]; every rank gets num_experts / ranks of them. Throws std::invalid_argument
  /// unless 1 <= ranks <= num_experts <= 2048 and ranks divides num_experts.
  std::vector<std::uint16_t> (*place)(std::int64_t num_experts, std::int64_t ranks);
};

std::span<const ExpertPlacement> expert_placements();

}  // namespace switchyard
