// Counting in bit planes: plane k holds bit k of 512 counters, and carry-save adders put sixteen sets at a
// time into them (Harley and Seal; Mula, Kurz and Lemire 2018, "Faster population counts using AVX2
// instructions", for each position by itself). With AVX-512 a set is one vector and an adder two
// instructions; with AVX2 two vectors, one after the other, and five.
#include "kernels/bit_counters.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#ifndef SWITCHYARD_BIT_COUNTERS
#define SWITCHYARD_BIT_COUNTERS
namespace switchyard {
namespace {

constexpr std::size_t kPlanes = 36;  // counters below 2^32, and four planes for their adders
constexpr std::size_t kSixteen = 16;

/// 512 counters, and what is yet to be added to them.
struct Counters {
  std::size_t used = 0;  // planes
  alignas(64) std::array<std::array<std::uint64_t, kSetWords>, kPlanes> planes{};
  std::array<std::vector<std::uint64_t>, kPlanes> carried{};  // vectors that count 2^k times
};

}  // namespace
}  // namespace switchyard
#endif

#define HWY_DISABLE_PCLMUL_AES
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bit_counters.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace switchyard {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::CappedTag<std::uint64_t, kSetWords>;
using Vec = hn::Vec<Words>;

HWY_INLINE Vec sum(Vec a, Vec b, Vec c, Vec& carry) {
#if HWY_TARGET <= HWY_AVX3
  constexpr int kMajority = 0xe8, kParity = 0x96;  // of three bits
  carry = Vec{_mm512_ternarylogic_epi64(a.raw, b.raw, c.raw, kMajority)};
  return Vec{_mm512_ternarylogic_epi64(a.raw, b.raw, c.raw, kParity)};
#else
  const Vec half = hn::Xor(a, b);
  carry = hn::Or(hn::And(a, b), hn::And(half, c));
  return hn::Xor(half, c);
#endif
}

/// Returns what is carried beyond the fours.
template <class Sets>
HWY_INLINE Vec add_eight(std::size_t first, Sets& sets, Vec& ones, Vec& twos, Vec& fours) {
  Vec c0, c1, c2, c3, d0, d1, carry;
  const Vec a = sum(sets(first), sets(first + 1), sets(first + 2), c0);
  const Vec b = sum(sets(first + 3), sets(first + 4), sets(first + 5), c1);
  const Vec c = sum(sets(first + 6), sets(first + 7), a, c2);
  ones = sum(b, c, ones, c3);
  const Vec d = sum(c0, c1, c2, d0);
  twos = sum(d, c3, twos, d1);
  fours = sum(d0, d1, fours, carry);
  return carry;
}

/// Adds `size` sets, a multiple of 16, that count 2^level times, to the counters from word `part` on.
template <class Sets>
void add(Counters& to, std::size_t part, std::size_t level, std::size_t size, Sets sets) {
  if (size == 0) return;
  const Words d;
  std::uint64_t* planes[4];
  for (std::size_t k = 0; k < 4; ++k) planes[k] = to.planes[level + k].data() + part;
  Vec ones = hn::LoadU(d, planes[0]), twos = hn::LoadU(d, planes[1]), fours = hn::LoadU(d, planes[2]),
      eights = hn::LoadU(d, planes[3]);
  std::vector<std::uint64_t>& carried = to.carried[level + 4];
  const std::size_t before = carried.size();
  carried.resize(before + size / kSixteen * hn::Lanes(d));
  std::uint64_t* out = carried.data() + before;
  for (std::size_t i = 0; i < size; i += kSixteen) {
    const Vec a = add_eight(i, sets, ones, twos, fours);
    const Vec b = add_eight(i + 8, sets, ones, twos, fours);
    Vec carry;
    eights = sum(a, b, eights, carry);
    hn::StoreU(carry, d, out);
    if (!hn::AllTrue(d, hn::Eq(carry, hn::Zero(d)))) out += hn::Lanes(d);
  }
  carried.resize(static_cast<std::size_t>(out - carried.data()));
  hn::StoreU(ones, d, planes[0]);
  hn::StoreU(twos, d, planes[1]);
  hn::StoreU(fours, d, planes[2]);
  hn::StoreU(eights, d, planes[3]);
  to.used = std::max(to.used, level + 5);
}

/// From 0.
void count(const std::uint64_t* sets, const std::vector<std::vector<std::uint32_t>>& lists, Counters& to) {
  const Words d;
  std::fill_n(to.planes.begin(), to.used, decltype(to.planes)::value_type{});
  to.used = 0;
  for (std::size_t part = 0; part < kSetWords; part += hn::Lanes(d))
    for (std::size_t level = 0; level < lists.size() || level < to.used; ++level) {
      if (level + 4 >= kPlanes) std::abort();  // a caller's bug: sums beyond 2^32
      if (level < lists.size()) {
        const std::uint32_t* list = lists[level].data();
        const std::uint64_t* first = sets + part;
        add(to, part, level, lists[level].size(),
            [=](std::size_t i) HWY_ATTR { return hn::LoadU(Words(), first + list[i]); });
      }
      std::vector<std::uint64_t>& carried = to.carried[level];
      const std::size_t sixteens = (carried.size() / hn::Lanes(d) + kSixteen - 1) / kSixteen * kSixteen;
      carried.resize(sixteens * hn::Lanes(d), 0);
      const std::uint64_t* first = carried.data();
      add(to, part, level, sixteens,
          [=](std::size_t i) HWY_ATTR { return hn::LoadU(Words(), first + i * hn::Lanes(Words())); });
      carried.clear();
    }
}

/// Adds bits [lowest, lowest + 8) of the counters from `first` on, as many as there are lanes or counts.
void add_bytes(const Counters& counters, std::size_t lowest, std::size_t first,
               std::span<std::uint32_t> counts) {
  const hn::CappedTag<std::uint8_t, 64> bytes;
  auto sum = hn::Zero(bytes);
  for (std::size_t k = lowest; k < std::min(counters.used, lowest + 8); ++k) {
    const auto* bits = reinterpret_cast<const std::uint8_t*>(counters.planes[k].data()) + first / 8;
    const auto weight = hn::Set(bytes, static_cast<std::uint8_t>(1u << (k - lowest)));
    sum = hn::Or(sum, hn::IfThenElseZero(hn::LoadMaskBits(bytes, bits), weight));
  }
  alignas(64) std::array<std::uint8_t, 64> of_counter;
  hn::Store(sum, bytes, of_counter.data());
  const hn::CappedTag<std::uint32_t, 16> d;
  const hn::Rebind<std::uint8_t, decltype(d)> few_bytes;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= counts.size(); i += hn::Lanes(d)) {
    const auto own = hn::PromoteTo(d, hn::LoadU(few_bytes, of_counter.data() + i));
    hn::StoreU(hn::Add(hn::LoadU(d, counts.data() + i), hn::ShiftLeftSame(own, static_cast<int>(lowest))), d,
               counts.data() + i);
  }
  for (; i < counts.size(); ++i) counts[i] += std::uint32_t{of_counter[i]} << lowest;
}

void add_to(const Counters& counters, std::span<std::uint32_t> counts) {
  const std::size_t step = hn::Lanes(hn::CappedTag<std::uint8_t, 64>());
  for (std::size_t first = 0; first < counts.size(); first += step)
    for (std::size_t lowest = 0; lowest < std::min<std::size_t>(counters.used, 32); lowest += 8)
      add_bytes(counters, lowest, first, counts.subspan(first, std::min(step, counts.size() - first)));
}

}  // namespace HWY_NAMESPACE
}  // namespace switchyard
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace switchyard {
namespace {

HWY_EXPORT(count);
HWY_EXPORT(add_to);

}  // namespace

void count_members(std::span<const SetsToCount> groups,
                   const std::vector<std::vector<std::uint32_t>>& lists) {
  Counters counters;
  for (const SetsToCount& group : groups) {
    HWY_DYNAMIC_DISPATCH(count)(group.sets, lists, counters);
    HWY_DYNAMIC_DISPATCH(add_to)(counters, group.counts);
  }
}

}  // namespace switchyard
#endif  // HWY_ONCE
