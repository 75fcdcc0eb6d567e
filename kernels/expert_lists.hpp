// From "which experts for this token" to "which tokens for this expert", as a grouped product of experts
// wants it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace switchyard {

struct ExpertLists {
  std::vector<std::uint32_t> offsets;  // [num_experts + 1]: expert e has tokens[offsets[e]…offsets[e + 1])
  std::vector<std::uint32_t> tokens;   // by expert, then ascending

  std::span<const std::uint32_t> tokens_of(std::size_t expert) const {
    return std::span(tokens).subspan(offsets[expert], offsets[expert + 1] - offsets[expert]);
  }
};

/// Sorts assignments by expert, stably, in two passes over them: experts [tokens, columns] of a GateOutput,
/// in which kNoExpert is a place to skip. `lists` keeps its memory from call to call.
/// Throws std::invalid_argument when columns does not divide the assignments, when there are 2^32 of them,
/// and on an expert that is not below num_experts.
void sort_by_expert(std::span<const std::uint16_t> experts, std::int64_t columns, std::int64_t num_experts,
                    ExpertLists& lists);

}  // namespace switchyard
