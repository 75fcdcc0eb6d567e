// Two layers' sets of a token stand side by side, so that both are counted at once.
#include "workloads/routing/expert_masks.hpp"

#include <algorithm>
#include <bit>

#include "kernels/bit_counters.hpp"
#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kHalfBits = kSetWords * 32;  // of a set
constexpr std::size_t kHalfWords = kSetWords / 2;

/// Sets of a token: each is of two halves.
std::size_t sets(std::size_t layers, std::size_t experts) {
  return (layers * ((experts + kHalfBits - 1) / kHalfBits) + 1) / 2;
}

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
      halves_((experts + kHalfBits - 1) / kHalfBits),
      sets_(sets(layers, experts) * (tokens + 1)) {}

std::size_t ExpertMasks::size(std::size_t tokens, std::size_t layers, std::size_t experts) {
  return (tokens + 1) * sets(layers, experts) * sizeof(Set);
}

void ExpertMasks::set(std::size_t token, std::size_t layer, std::uint16_t expert) {
  const std::size_t half = layer * halves_ + expert / kHalfBits;
  Set& set = sets_[half / 2 * (tokens_ + 1) + token];
  set.words[half % 2 * kHalfWords + expert % kHalfBits / 64] |= std::uint64_t{1} << (expert % 64);
}

void ExpertMasks::add(const TokenReads& reads, std::span<std::uint32_t> counts) const {
  ensure(reads.times.size() == tokens_ && counts.size() == layers_ * experts_, "masks and counts have one shape");
  std::vector<SetsToCount> groups(sets(layers_, experts_));
  for (std::size_t half = 0; half < layers_ * halves_; ++half) {
    const std::size_t first = half % halves_ * kHalfBits;
    groups[half / 2].sets = sets_[half / 2 * (tokens_ + 1)].words;
    groups[half / 2].counts[half % 2] =
        counts.subspan(half / halves_ * experts_ + first, std::min(kHalfBits, experts_ - first));
  }
  count_members(groups, by_bit(reads));
}

}  // namespace switchyard
