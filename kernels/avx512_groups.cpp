// The choice of groups with AVX-512: each group's two best scores are found in lanes, eight groups side by
// side, and the kept groups' scores copied together.
#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/avx512_ranks.hpp"
#include "kernels/selection.hpp"
#include "kernels/vector_primitives.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kBlocks = 8;

/// The two highest of what has been seen, lane by lane.
struct TwoBest {
  __m512 first;
  __m512 second;
};

SWITCHYARD_AVX512 inline TwoBest merge(const TwoBest& a, const TwoBest& b) {
  return {_mm512_max_ps(a.first, b.first),
          _mm512_max_ps(_mm512_min_ps(a.first, b.first), _mm512_max_ps(a.second, b.second))};
}

SWITCHYARD_AVX512 inline TwoBest with(const TwoBest& best, __m512 scores) {
  return {_mm512_max_ps(best.first, scores), _mm512_max_ps(best.second, _mm512_min_ps(best.first, scores))};
}

SWITCHYARD_AVX512 inline TwoBest of_lanes(const float* scores, std::size_t size) {
  const __m512 lowest = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
  TwoBest best{lowest, lowest};
  std::size_t i = 0;
  if (size >= 2 * kLanes) {
    const __m512 a = _mm512_loadu_ps(scores);
    const __m512 b = _mm512_loadu_ps(scores + kLanes);
    best = {_mm512_max_ps(a, b), _mm512_min_ps(a, b)};
    i = 2 * kLanes;
  }
  for (; i + kLanes <= size; i += kLanes) best = with(best, _mm512_loadu_ps(scores + i));
  return i == size ? best : with(best, _mm512_mask_loadu_ps(lowest, first_lanes(size - i), scores + i));
}

/// Folds each in half and puts the halves beside each other: quarters of 128 bits, which stay what they are.
SWITCHYARD_AVX512 inline TwoBest fold_quarters(const TwoBest& a, const TwoBest& b) {
  return merge(
      {_mm512_shuffle_f32x4(a.first, b.first, 0x88), _mm512_shuffle_f32x4(a.second, b.second, 0x88)},
      {_mm512_shuffle_f32x4(a.first, b.first, 0xdd), _mm512_shuffle_f32x4(a.second, b.second, 0xdd)});
}

/// The same within quarters.
SWITCHYARD_AVX512 inline TwoBest fold_lanes(const TwoBest& a, const TwoBest& b) {
  return merge({_mm512_shuffle_ps(a.first, b.first, 0x88), _mm512_shuffle_ps(a.second, b.second, 0x88)},
               {_mm512_shuffle_ps(a.first, b.first, 0xdd), _mm512_shuffle_ps(a.second, b.second, 0xdd)});
}

/// Eight blocks of 16 lanes each are folded to a lane each: a transposition and a reduction in one.
SWITCHYARD_AVX512 void sum_of_eight(const float* scores, std::size_t size, float* sums) {
  TwoBest of[kBlocks];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kBlocks; ++i) of[i] = of_lanes(scores + i * size, size);
  const TwoBest low = fold_quarters(fold_quarters(of[0], of[1]), fold_quarters(of[2], of[3]));
  const TwoBest high = fold_quarters(fold_quarters(of[4], of[5]), fold_quarters(of[6], of[7]));
  const TwoBest pairs = fold_lanes(low, high);    // by quarters: blocks q, 4 + q, two lanes of each
  const TwoBest best = fold_lanes(pairs, pairs);  // by quarters: q, 4 + q, and both again
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m512 both = _mm512_permutexvar_ps(order, _mm512_add_ps(best.first, best.second));
  _mm256_storeu_ps(sums, _mm512_castps512_ps256(both));
}

/// Bit g: group g of at most 16 is among the best.
SWITCHYARD_AVX512 std::uint32_t best_groups(const float* group_scores, std::size_t groups, std::size_t kept) {
  const __m512 lowest = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
  const __m512 values = _mm512_mask_loadu_ps(lowest, first_lanes(groups), group_scores);
  const __m512i places = groups <= 8 ? ranks<8>(values) : ranks<16>(values);
  return _mm512_mask_cmplt_epi32_mask(first_lanes(groups), places, _mm512_set1_epi32(static_cast<int>(kept)));
}

SWITCHYARD_AVX512 float* copy_group(const float* from, std::size_t size, float* to) {
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) _mm512_storeu_ps(to + i, _mm512_loadu_ps(from + i));
  for (; i < size; ++i) to[i] = from[i];
  return to + size;
}

}  // namespace

bool has_avx512_selection() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi2");
}

void sums_of_two_best_avx512(std::span<const float> scores, std::span<float> sums) {
  const std::size_t size = scores.size() / sums.size();
  std::size_t i = 0;
  for (; i + kBlocks <= sums.size(); i += kBlocks)
    sum_of_eight(scores.data() + i * size, size, sums.data() + i);
  for (; i < sums.size(); ++i) sums[i] = sum_of_two_best(scores.subspan(i * size, size));
}

void keep_best_groups_avx512(std::span<const float> group_scores, std::span<const float> scores,
                             std::int64_t tokens, const KeptGroups& kept) {
  const auto rows = static_cast<std::size_t>(tokens);
  const std::size_t groups = group_scores.size() / rows;
  if (groups > kLanes) return scalar_arithmetic().keep_best_groups(group_scores, scores, tokens, kept);
  const std::size_t size = scores.size() / group_scores.size();
  std::uint16_t* group = kept.groups.data();
  float* to = kept.scores.data();
  for (std::size_t t = 0; t < rows; ++t) {
    std::uint32_t best = best_groups(group_scores.data() + t * groups, groups, kept.groups.size() / rows);
    for (; best != 0; best &= best - 1, ++group) {
      *group = static_cast<std::uint16_t>(std::countr_zero(best));
      to = copy_group(scores.data() + (t * groups + *group) * size, size, to);
    }
  }
}

}  // namespace switchyard
