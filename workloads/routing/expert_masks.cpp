// A token's experts as one row of bits, cut into sets that are counted one after the other.
#include "workloads/routing/expert_masks.hpp"

#include <algorithm>
#include <bit>

#include "kernels/bit_counters.hpp"
#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kBits = kSetWords * 64;  // of a set

/// The sets of the tokens whose number of times has a bit, bit by bit, by their first word; filled up to
/// sixteens with that of no expert.
std::vector<std::vector<std::uint32_t>> by_bit(const TokenReads& reads) {
  std::vector<std::vector<std::uint32_t>> lists;
  for (const std::uint32_t token : reads.tokens)
    for (std::uint32_t left = reads.times[token]; left != 0; left &= left - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(left));
      if (bit >= lists.size()) lists.resize(bit + 1);
      lists[bit].push_back(token * static_cast<std::uint32_t>(kSetWords));
    }
  const auto nobody = static_cast<std::uint32_t>(reads.times.size() * kSetWords);
  for (std::vector<std::uint32_t>& list : lists) list.resize((list.size() + 15) / 16 * 16, nobody);
  return lists;
}

}  // namespace

ExpertMasks::ExpertMasks(std::size_t tokens, std::size_t layers, std::size_t experts)
    : tokens_(tokens),
      layers_(layers),
      experts_(experts),
      sets_(sets_of_token(layers, experts) * (tokens + 1)) {}

std::size_t ExpertMasks::sets_of_token(std::size_t layers, std::size_t experts) {
  return (layers * experts + kBits - 1) / kBits;
}

std::size_t ExpertMasks::size(std::size_t tokens, std::size_t layers, std::size_t experts) {
  return (tokens + 1) * sets_of_token(layers, experts) * sizeof(Set);
}

void ExpertMasks::set(std::size_t token, std::size_t layer, std::uint16_t expert) {
  const std::size_t bit = layer * experts_ + expert;
  Set& set = sets_[bit / kBits * (tokens_ + 1) + token];
  set.words[bit % kBits / 64] |= std::uint64_t{1} << (bit % 64);
}

void ExpertMasks::add(const TokenReads& reads, std::span<std::uint32_t> counts) const {
  ensure(reads.times.size() == tokens_ && counts.size() == layers_ * experts_,
         "masks and counts have one shape");
  std::vector<SetsToCount> groups(sets_of_token(layers_, experts_));
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = {sets_[i * (tokens_ + 1)].words,
                 counts.subspan(i * kBits, std::min(kBits, counts.size() - i * kBits))};
  count_members(groups, by_bit(reads));
}

}  // namespace switchyard
