// Ordering up to 16 scores at a time with AVX-512: every score's rank is the number of those that go before
// it.
#pragma once

#include <immintrin.h>

#include <cstdint>

// Functions so marked may use AVX-512; the rest of the program is built for x86-64-v3.
#define SWITCHYARD_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2")))

namespace switchyard {

/// [j][i] = 1 where lane i comes after lane j, which therefore goes first on equal scores.
struct LaterLanes {
  alignas(64) std::int32_t later[16][16]{};
  constexpr LaterLanes() {
    for (int j = 0; j < 16; ++j) {
      for (int i = 0; i < 16; ++i) later[j][i] = i > j;
    }
  }
};
inline constexpr LaterLanes kLaterLanes;

/// Integers that order as the scores do, -0 equal to +0. Adding 1 to one makes "greater" mean "greater or
/// equal".
SWITCHYARD_AVX512 inline __m512i ordered_keys(__m512 scores) {
  const __m512i bits = _mm512_castps_si512(_mm512_add_ps(scores, _mm512_setzero_ps()));
  return _mm512_xor_si512(bits, _mm512_srli_epi32(_mm512_srai_epi32(bits, 31), 1));
}

/// Lanes that are broadcast one by one come from memory, for which the processor has ports to spare; gcc
/// would shuffle them out of the register, for which it has one.
template <class T>
inline void keep_in_memory(T (&lanes)[16]) {
  asm("" : "+m"(lanes));
}

/// The place of each of the first N lanes by descending score, the lower lane first among equals: a
/// permutation of 0…N - 1. Lanes of -inf come last.
template <int N>
SWITCHYARD_AVX512 inline __m512i ranks(__m512 scores) {
  const __m512i keys = ordered_keys(scores);
  alignas(64) std::int32_t key[16];
  _mm512_store_si512(key, keys);
  keep_in_memory(key);
  const __m512i one = _mm512_set1_epi32(1);
  __m512i even = _mm512_setzero_si512();  // two sums: half the wait for each addition
  __m512i odd = _mm512_setzero_si512();
  const auto goes_before = [&](int j) SWITCHYARD_AVX512 {
    const __m512i other =
        _mm512_add_epi32(_mm512_set1_epi32(key[j]), _mm512_load_si512(kLaterLanes.later[j]));
    return _mm512_cmpgt_epi32_mask(other, keys);
  };
  for (int j = 0; j < N; j += 2) {
    even = _mm512_mask_add_epi32(even, goes_before(j), even, one);
    odd = _mm512_mask_add_epi32(odd, goes_before(j + 1), odd, one);
  }
  return _mm512_add_epi32(even, odd);
}

/// The first `count` of 16 lanes.
inline __mmask16 first_lanes(std::size_t count) { return static_cast<__mmask16>((1u << count) - 1); }

}  // namespace switchyard
