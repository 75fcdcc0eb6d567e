// Many sets added up at once: how many of them hold each member, weighed by powers of two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace switchyard {

inline constexpr std::size_t kSetWords = 8;  // of 64 members each

/// Sets of 512 members, counted together.
struct SetsToCount {
  const std::uint64_t* sets = nullptr;  // each kSetWords long
  std::span<std::uint32_t> counts;      // of the first so many members, at most 512
};

/// Adds to the counts of each of `groups` how often its sets hold a member, the sets of lists[k] 2^k times
/// each. Lists name sets by their first word, and are whole sixteens. Sums stay below 2^32.
void count_members(std::span<const SetsToCount> groups, const std::vector<std::vector<std::uint32_t>>& lists);

}  // namespace switchyard
