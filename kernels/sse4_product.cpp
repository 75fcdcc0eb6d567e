// hidden · weightsᵀ as processors before 2013 could: four experts a vector, and the product rounded before it
// is added. That second rounding is why SSE4 is a variant to learn from and never the one that routes.
#include <smmintrin.h>

#include <algorithm>

#include "kernels/vector_primitives.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kWidth = 8;   // experts of a panel: two vectors
constexpr std::size_t kTokens = 4;  // a tile of 4 x 2 vectors: 8 of 16 registers

/// out [N, 8] = hidden [N, length] · panel [length, 8].
template <std::size_t N>
void tile(const float* hidden, std::size_t length, const float* panel, float* out) {
  __m128 low[N], high[N];
  for (std::size_t t = 0; t < N; ++t) low[t] = high[t] = _mm_setzero_ps();
  for (std::size_t d = 0; d < length; ++d, panel += kWidth) {
    const __m128 first = _mm_load_ps(panel);
    const __m128 second = _mm_load_ps(panel + 4);
    for (std::size_t t = 0; t < N; ++t) {
      const __m128 x = _mm_set1_ps(hidden[t * length + d]);
      low[t] = _mm_add_ps(low[t], _mm_mul_ps(x, first));
      high[t] = _mm_add_ps(high[t], _mm_mul_ps(x, second));
    }
  }
  for (std::size_t t = 0; t < N; ++t) {
    _mm_storeu_ps(out + t * kWidth, low[t]);
    _mm_storeu_ps(out + t * kWidth + 4, high[t]);
  }
}

}  // namespace

PackedWeights pack_sse4(const GateShape& shape, std::span<const float> weights) {
  const auto length = static_cast<std::size_t>(shape.hidden_size);
  const auto experts = static_cast<std::size_t>(shape.num_experts);
  PackedWeights packed;
  packed.fp32.resize((experts + kWidth - 1) / kWidth * length * kWidth);
  for (std::size_t e = 0; e < experts; ++e) {
    float* to = packed.fp32.data() + e / kWidth * length * kWidth + e % kWidth;
    for (std::size_t d = 0; d < length; ++d) to[d * kWidth] = weights[e * length + d];
  }
  return packed;
}

void logits_sse4(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto tokens = static_cast<std::size_t>(input.tokens);
  float out[kTokens * kWidth];
  for (std::size_t t = 0; t < tokens; t += kTokens) {
    const std::size_t count = std::min(kTokens, tokens - t);
    for (std::size_t e = 0; e < experts; e += kWidth) {
      const float* hidden = input.hidden.data() + t * length;
      const float* panel = packed.fp32.data() + e * length;
      if (count == kTokens) tile<kTokens>(hidden, length, panel, out);
      for (std::size_t r = 0; r < count && count < kTokens; ++r)
        tile<1>(hidden + r * length, length, panel, out + r * kWidth);
      for (std::size_t r = 0; r < count; ++r)
        std::copy_n(out + r * kWidth, std::min(kWidth, experts - e), scores.data() + (t + r) * experts + e);
    }
  }
  add_logit_bias(input, scores);
}

}  // namespace switchyard
