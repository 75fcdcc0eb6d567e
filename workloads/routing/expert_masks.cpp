// Counting in bit planes: plane k holds bit k of 256 counters, and carry-save adders put sixteen sets at a
// time into them (Harley and Seal; Mula, Kurz and Lemire 2018, "Faster population counts using AVX2
// instructions", for each position by itself).
#include "workloads/routing/expert_masks.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kBits = 256;
constexpr std::size_t kPlanes = 36;  // counters below 2^32, and four planes for their adders

/// 256 counters.
class Planes {
 public:
  /// From 0: the tokens of lists[k] are counted 2^k times; they come in sixteens.
  void count(const ExpertMask* masks, const std::vector<std::vector<std::uint32_t>>& lists) {
    planes_.fill(ExpertMask{});
    used_ = 0;
    for (std::size_t level = 0; level < lists.size() || level < used_; ++level) {
      ensure(level + 4 < kPlanes, "a step's tokens fit the counters");
      if (level < lists.size())
        add(level, lists[level].size(),
            [&, list = lists[level].data()](std::size_t i) -> const ExpertMask& { return masks[list[i]]; });
      std::vector<ExpertMask>& carried = carried_[level];
      carried.resize((carried.size() + 15) / 16 * 16, ExpertMask{});
      add(level, carried.size(), [&](std::size_t i) -> const ExpertMask& { return carried[i]; });
      carried.clear();
    }
  }

  /// Adds the counters to the first of `counts`.
  void add_to(std::span<std::uint32_t> counts) const {
    using Lanes = std::uint32_t __attribute__((vector_size(32)));
    constexpr Lanes kLane = {0, 1, 2, 3, 4, 5, 6, 7};
    for (std::size_t first = 0; first < counts.size(); first += 8) {
      Lanes sum = {};
      for (std::size_t k = 0; k < std::min<std::size_t>(used_, 32); ++k) {
        const auto bits = static_cast<std::uint32_t>(planes_[k][first / 64] >> (first % 64));
        sum += (((Lanes{} + bits) >> kLane) & 1u) << static_cast<std::uint32_t>(k);
      }
      for (std::size_t i = 0; i < 8 && first + i < counts.size(); ++i) counts[first + i] += sum[i];
    }
  }

 private:
  /// Adds `size` sets, a multiple of 16, that count 2^level times.
  template <class Sets>
  void add(std::size_t level, std::size_t size, Sets sets) {
    if (size == 0) return;
    ExpertMask ones = planes_[level], twos = planes_[level + 1], fours = planes_[level + 2],
               eights = planes_[level + 3];
    std::vector<ExpertMask>& carried = carried_[level + 4];
    for (std::size_t i = 0; i < size; i += 16) {
      const ExpertMask a = add_eight(i, sets, ones, twos, fours);
      const ExpertMask b = add_eight(i + 8, sets, ones, twos, fours);
      ExpertMask carry;
      eights = sum(a, b, eights, carry);
      if ((carry[0] | carry[1] | carry[2] | carry[3]) != 0) carried.push_back(carry);
    }
    planes_[level] = ones;
    planes_[level + 1] = twos;
    planes_[level + 2] = fours;
    planes_[level + 3] = eights;
    used_ = std::max(used_, level + 5);
  }

  /// Returns what is carried beyond the fours.
  template <class Sets>
  static ExpertMask add_eight(std::size_t first, Sets& sets, ExpertMask& ones, ExpertMask& twos,
                              ExpertMask& fours) {
    ExpertMask c0, c1, c2, c3, d0, d1, carry;
    const ExpertMask a = sum(sets(first), sets(first + 1), sets(first + 2), c0);
    const ExpertMask b = sum(sets(first + 3), sets(first + 4), sets(first + 5), c1);
    const ExpertMask c = sum(sets(first + 6), sets(first + 7), a, c2);
    ones = sum(b, c, ones, c3);
    const ExpertMask d = sum(c0, c1, c2, d0);
    twos = sum(d, c3, twos, d1);
    fours = sum(d0, d1, fours, carry);
    return carry;
  }

  static ExpertMask sum(ExpertMask a, ExpertMask b, ExpertMask c, ExpertMask& carry) {
    const ExpertMask half = a ^ b;
    carry = (a & b) | (half & c);
    return half ^ c;
  }

  std::size_t used_ = 0;
  std::array<ExpertMask, kPlanes> planes_{};
  std::array<std::vector<ExpertMask>, kPlanes> carried_;  // sets that count 2^k times
};

/// The tokens whose number of times has a bit, bit by bit, filled up to sixteens with the token of no expert.
std::vector<std::vector<std::uint32_t>> by_bit(std::span<const std::uint32_t> times) {
  std::vector<std::vector<std::uint32_t>> lists;
  for (std::uint32_t token = 0; token < times.size(); ++token)
    for (std::uint32_t left = times[token]; left != 0; left &= left - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(left));
      if (bit >= lists.size()) lists.resize(bit + 1);
      lists[bit].push_back(token);
    }
  const auto nobody = static_cast<std::uint32_t>(times.size());
  for (std::vector<std::uint32_t>& list : lists) list.resize((list.size() + 15) / 16 * 16, nobody);
  return lists;
}

}  // namespace

ExpertMasks::ExpertMasks(std::size_t tokens, std::size_t layers, std::size_t experts)
    : tokens_(tokens),
      layers_(layers),
      experts_(experts),
      words_((experts + kBits - 1) / kBits),
      masks_((tokens + 1) * layers * words_) {}

std::size_t ExpertMasks::size(std::size_t tokens, std::size_t layers, std::size_t experts) {
  return (tokens + 1) * layers * ((experts + kBits - 1) / kBits) * sizeof(ExpertMask);
}

void ExpertMasks::set(std::size_t token, std::size_t layer, std::uint16_t expert) {
  ExpertMask& mask = masks_[(layer * words_ + expert / kBits) * (tokens_ + 1) + token];
  mask[expert % kBits / 64] |= std::uint64_t{1} << (expert % 64);
}

void ExpertMasks::add(std::span<const std::uint32_t> times, std::span<std::uint32_t> counts) const {
  ensure(times.size() == tokens_ && counts.size() == layers_ * experts_, "masks and counts have one shape");
  const auto lists = by_bit(times);
  Planes planes;
  for (std::size_t layer = 0; layer < layers_; ++layer)
    for (std::size_t word = 0; word < words_; ++word) {
      planes.count(masks_.data() + (layer * words_ + word) * (tokens_ + 1), lists);
      const std::size_t from = layer * experts_ + word * kBits;
      planes.add_to(counts.subspan(from, std::min(kBits, experts_ - word * kBits)));
    }
}

}  // namespace switchyard
