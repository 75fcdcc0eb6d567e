// The bf16 product for every machine: 16 experts at a time, left to the compiler's vectors.
#include <xmmintrin.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/bf16_primitives.hpp"

namespace switchyard {
namespace {

/// Denormal operands and results are zeros while this lives.
class DenormalsAreZero {
 public:
  DenormalsAreZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040u); }
  ~DenormalsAreZero() { _mm_setcsr(before_); }
  DenormalsAreZero(const DenormalsAreZero&) = delete;
  DenormalsAreZero& operator=(const DenormalsAreZero&) = delete;

 private:
  unsigned before_;
};

std::size_t blocks_of(std::int64_t hidden_size) {
  return (static_cast<std::size_t>(hidden_size) + kTileDepth - 1) / kTileDepth;
}

float from_bf16(std::uint32_t upper_half) { return std::bit_cast<float>(upper_half); }

/// scores [16] of one token for half a panel. Never inlined: the arithmetic must stay between the settings of
/// DenormalsAreZero.
[[gnu::noinline]] void score_half_panel(const float* token, const std::uint16_t* weights, std::size_t blocks,
                                        float* scores) {
  for (std::size_t e = 0; e < kTile; ++e) scores[e] = 0.0f;
  for (std::size_t block = 0; block < blocks; ++block) {
    float even[kTile] = {};
    float odd[kTile] = {};
    for (std::size_t pair = 0; pair < kTileDepth / 2; ++pair, token += 2, weights += 2 * kTile) {
      for (std::size_t e = 0; e < kTile; ++e) {
        const std::uint32_t both = weights[2 * e] | std::uint32_t{weights[2 * e + 1]} << 16;
        even[e] = std::fma(token[0], from_bf16(both << 16), even[e]);
        odd[e] = std::fma(token[1], from_bf16(both & 0xffff0000u), odd[e]);
      }
    }
    for (std::size_t e = 0; e < kTile; ++e) scores[e] += even[e] + odd[e];
  }
}

}  // namespace

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t exponent = bits & 0x7f800000u;
  if (exponent == 0) return static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  if (exponent == 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | ((bits & 0x7fffffu) != 0));
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

PackedWeights pack_bf16(const GateShape& shape, std::span<const float> weights) {
  const auto length = static_cast<std::size_t>(shape.hidden_size);
  const auto experts = static_cast<std::size_t>(shape.num_experts);
  const std::size_t blocks = blocks_of(shape.hidden_size);
  const std::size_t halves = (experts + kPanel - 1) / kPanel * 2;
  PackedWeights packed;
  packed.bf16.resize(halves * blocks * kTile * kTileDepth);
  for (std::size_t e = 0; e < experts; ++e) {
    std::uint16_t* to = packed.bf16.data() + e / kTile * blocks * kTile * kTileDepth + e % kTile * 2;
    for (std::size_t d = 0; d < length; ++d) to[d / 2 * 2 * kTile + d % 2] = to_bf16(weights[e * length + d]);
  }
  return packed;
}

namespace {

void multiply(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const std::size_t blocks = blocks_of(input.shape.hidden_size);
  AlignedVector<float> token(blocks * kTileDepth);
  const DenormalsAreZero zero_denormals;
  for (std::size_t t = 0; t < static_cast<std::size_t>(input.tokens); ++t) {
    const float* hidden = input.hidden.data() + t * length;
    for (std::size_t d = 0; d < length; ++d) token[d] = from_bf16(std::uint32_t{to_bf16(hidden[d])} << 16);
    for (std::size_t e = 0; e < experts; e += kTile) {
      float sums[kTile];
      score_half_panel(token.data(), packed.bf16.data() + e * blocks * kTileDepth, blocks, sums);
      std::copy_n(sums, std::min(kTile, experts - e), scores.data() + t * experts + e);
    }
  }
}

}  // namespace

void logits_bf16(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  multiply(input, packed, scores);
  add_logit_bias(input, scores);  // as in every variant, denormals included
}

}  // namespace switchyard
