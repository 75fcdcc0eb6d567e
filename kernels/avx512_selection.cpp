// The k best of many with AVX-512 (Ice Lake, Zen 4 and later). The k-th highest of the 16 lanes' maxima is a
// lower bound on the k-th highest score, and on random scores only about 16 (H(16) - H(16 - k)) experts reach
// it, 11 for k = 8, whatever their number. Their indices are compressed into one vector and put in order by
// rank. Each step is done for a block of tokens before the next: within a token they wait for each other.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "kernels/avx512_ranks.hpp"
#include "kernels/selection.hpp"
#include "kernels/vector_primitives.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kBlock = 16;         // tokens
constexpr std::size_t kLanes = 16;         // also the most that this file orders at once
constexpr std::size_t kMostScores = 2048;  // of one token

struct Candidates {
  std::size_t count;
  alignas(64) std::array<std::uint16_t, kMostScores + 32> indices;
};

SWITCHYARD_AVX512 __m512 lowest() { return _mm512_set1_ps(-std::numeric_limits<float>::infinity()); }

/// The k-th highest of 16 values: of those that at least k values reach, the highest.
SWITCHYARD_AVX512 float kth_highest(__m512 values, std::size_t k) {
  alignas(64) float value[kLanes];
  _mm512_store_ps(value, values);
  keep_in_memory(value);
  const __m512i one = _mm512_set1_epi32(1);
  __m512i even = _mm512_setzero_si512();
  __m512i odd = _mm512_setzero_si512();
  for (std::size_t j = 0; j < kLanes; j += 2) {
    const __mmask16 reached = _mm512_cmp_ps_mask(_mm512_set1_ps(value[j]), values, _CMP_GE_OQ);
    even = _mm512_mask_add_epi32(even, reached, even, one);
    const __mmask16 next = _mm512_cmp_ps_mask(_mm512_set1_ps(value[j + 1]), values, _CMP_GE_OQ);
    odd = _mm512_mask_add_epi32(odd, next, odd, one);
  }
  const __m512i counts = _mm512_add_epi32(even, odd);
  const __m512i wanted = _mm512_set1_epi32(static_cast<int>(k));
  const unsigned exactly = _mm512_cmpeq_epi32_mask(counts, wanted);
  if (exactly != 0) return value[std::countr_zero(exactly)];
  return _mm512_mask_reduce_max_ps(_mm512_cmpge_epi32_mask(counts, wanted), values);
}

/// A score that at least k of n scores reach.
SWITCHYARD_AVX512 float lower_bound(const float* scores, std::size_t n, std::size_t k) {
  if (n <= kLanes) return -std::numeric_limits<float>::infinity();
  __m512 even = _mm512_loadu_ps(scores);  // two maxima: half the wait for each
  __m512 odd = even;
  std::size_t i = kLanes;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    even = _mm512_max_ps(even, _mm512_loadu_ps(scores + i));
    odd = _mm512_max_ps(odd, _mm512_loadu_ps(scores + i + kLanes));
  }
  if (i + kLanes <= n) even = _mm512_max_ps(even, _mm512_loadu_ps(scores + i)), i += kLanes;
  odd = _mm512_max_ps(odd, _mm512_mask_loadu_ps(lowest(), first_lanes(n - i), scores + i));
  return kth_highest(_mm512_max_ps(even, odd), k);
}

/// Bit i: scores[i] of 32 reaches the bound.
SWITCHYARD_AVX512 inline __mmask32 reaching(const float* scores, __m512 bound) {
  const __mmask16 low = _mm512_cmp_ps_mask(_mm512_loadu_ps(scores), bound, _CMP_GE_OQ);
  const __mmask16 high = _mm512_cmp_ps_mask(_mm512_loadu_ps(scores + kLanes), bound, _CMP_GE_OQ);
  return _mm512_kunpackw(high, low);
}

/// The same of n < 32 scores.
SWITCHYARD_AVX512 inline __mmask32 reaching(const float* scores, std::size_t n, __m512 bound) {
  const std::uint32_t there = (1u << n) - 1;
  const auto low = static_cast<__mmask16>(there);
  const auto high = static_cast<__mmask16>(there >> kLanes);
  const __mmask16 of_low =
      _mm512_mask_cmp_ps_mask(low, _mm512_maskz_loadu_ps(low, scores), bound, _CMP_GE_OQ);
  const __mmask16 of_high =
      _mm512_mask_cmp_ps_mask(high, _mm512_maskz_loadu_ps(high, scores + kLanes), bound, _CMP_GE_OQ);
  return _mm512_kunpackw(of_high, of_low);
}

/// Writes the indices that are marked, and what is left of 64 bytes with zeros; returns where they end.
SWITCHYARD_AVX512 inline std::uint16_t* append(std::uint16_t* end, __mmask32 marked, __m512i indices) {
  _mm512_storeu_si512(end, _mm512_maskz_compress_epi16(marked, indices));
  return end + std::popcount(static_cast<std::uint32_t>(marked));
}

SWITCHYARD_AVX512 void find_candidates(const float* scores, std::size_t n, float lowest_bound,
                                       Candidates& found) {
  static constexpr std::array<std::uint16_t, 32> kFirst = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                           11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                           22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
  const __m512 bound = _mm512_set1_ps(lowest_bound);
  __m512i indices = _mm512_loadu_si512(kFirst.data());
  std::uint16_t* end = found.indices.data();
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    end = append(end, reaching(scores + i, bound), indices);
    indices = _mm512_add_epi16(indices, _mm512_set1_epi16(32));
  }
  if (i < n) end = append(end, reaching(scores + i, n - i, bound), indices);
  found.count = static_cast<std::size_t>(end - found.indices.data());
}

/// The candidates' indices in order. More than 16, which many equal scores make, go the scalar way.
SWITCHYARD_AVX512 void put_in_order(const float* scores, std::size_t n, const Candidates& found,
                                    std::span<std::uint16_t> chosen, std::uint32_t* ordered) {
  if (found.count > kLanes) {
    choose_top({scores, n}, chosen);
    std::copy(chosen.begin(), chosen.end(), ordered);
    return;
  }
  const __mmask16 there = first_lanes(found.count);
  const __m512i indices =
      _mm512_cvtepu16_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(found.indices.data())));
  const __m512 values = _mm512_mask_i32gather_ps(lowest(), there, indices, scores, sizeof(float));
  _mm512_mask_i32scatter_epi32(ordered, there, ranks<kLanes>(values), indices, sizeof(std::uint32_t));
}

SWITCHYARD_AVX512 void choose_for_block(const float* scores, std::size_t n, std::span<std::uint16_t> chosen,
                                        std::size_t tokens) {
  const std::size_t k = chosen.size() / tokens;
  std::array<Candidates, kBlock> found;
  alignas(64) std::uint32_t ordered[kBlock][kLanes];
  std::array<float, kBlock> bounds;
  for (std::size_t t = 0; t < tokens; ++t) bounds[t] = lower_bound(scores + t * n, n, k);
  for (std::size_t t = 0; t < tokens; ++t) find_candidates(scores + t * n, n, bounds[t], found[t]);
  for (std::size_t t = 0; t < tokens; ++t)
    put_in_order(scores + t * n, n, found[t], chosen.subspan(t * k, k), ordered[t]);
  for (std::size_t t = 0; t < tokens; ++t) {
    const __m256i all = _mm512_cvtepi32_epi16(_mm512_load_si512(ordered[t]));
    _mm256_mask_storeu_epi16(chosen.data() + t * k, first_lanes(k), all);
  }
}

}  // namespace

void choose_top_avx512(std::span<const float> scores, std::span<std::uint16_t> chosen, std::int64_t tokens) {
  const auto rows = static_cast<std::size_t>(tokens);
  const std::size_t n = scores.size() / rows;
  const std::size_t k = chosen.size() / rows;
  if (k > kLanes) return scalar_arithmetic().choose_top(scores, chosen, tokens);
  for (std::size_t t = 0; t < rows; t += kBlock) {
    const std::size_t count = std::min(kBlock, rows - t);
    choose_for_block(scores.data() + t * n, n, chosen.subspan(t * k, count * k), count);
  }
}

}  // namespace switchyard
