// Sets added up in bit planes, by every instruction set that this machine has.
#include "kernels/bit_counters.hpp"

#include <hwy/targets.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <vector>

using namespace switchyard;

namespace {

constexpr std::size_t kMembers = kSetWords * 64;

/// Words of `sets` sets of which one member in eight is in, and an empty one behind them.
std::vector<std::uint64_t> some_sets(std::size_t sets, std::mt19937_64& random) {
  std::vector<std::uint64_t> words((sets + 1) * kSetWords);
  for (std::size_t word = 0; word < sets * kSetWords; ++word) words[word] = random() & random() & random();
  return words;
}

/// Of some of the sets, filled up to sixteens with the empty one.
std::vector<std::uint32_t> some_list(std::size_t length, std::size_t sets, std::mt19937_64& random) {
  std::vector<std::uint32_t> list;
  for (std::size_t i = 0; i < length; ++i)
    list.push_back(static_cast<std::uint32_t>(random() % sets * kSetWords));
  list.resize((length + 15) / 16 * 16, static_cast<std::uint32_t>(sets * kSetWords));
  return list;
}

std::uint32_t one_by_one(const std::vector<std::uint64_t>& sets,
                         const std::vector<std::vector<std::uint32_t>>& lists, std::size_t member) {
  std::uint32_t sum = 0;
  for (std::size_t level = 0; level < lists.size(); ++level)
    for (const std::uint32_t set : lists[level])
      sum += static_cast<std::uint32_t>(sets[set + member / 64] >> (member % 64) & 1) << level;
  return sum;
}

class OnlyTarget {
 public:
  explicit OnlyTarget(std::int64_t target) { hwy::SetSupportedTargetsForTest(target); }
  OnlyTarget(const OnlyTarget&) = delete;
  OnlyTarget& operator=(const OnlyTarget&) = delete;
  ~OnlyTarget() { hwy::SetSupportedTargetsForTest(0); }
};

}  // namespace

TEST_CASE("Every instruction set counts members of sets as one by one does", "[kernels][simd]") {
  std::mt19937_64 random(1);
  constexpr std::size_t kSets = 70;
  const std::vector<std::uint64_t> sets = some_sets(kSets, random);
  const std::vector<std::vector<std::uint32_t>> lists = {
      some_list(3, kSets, random), {}, some_list(1000, kSets, random), some_list(16, kSets, random)};
  std::int64_t left = hwy::SupportedTargets() & HWY_TARGETS;
  REQUIRE(left != 0);
  for (; left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    CAPTURE(hwy::TargetName(target));
    const OnlyTarget only(target);
    for (const std::size_t members : {std::size_t{1}, std::size_t{60}, std::size_t{356}, kMembers}) {
      std::vector<std::uint32_t> counts(members, 7);
      count_members(std::vector<SetsToCount>{{sets.data(), counts}}, lists);
      for (std::size_t i = 0; i < members; ++i) REQUIRE(counts[i] == 7 + one_by_one(sets, lists, i));
    }
  }
}
