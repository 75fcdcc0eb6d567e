// Scores from operands rounded to bf16: half the bytes, and matrix units where a machine has them. The order
// of operations is that of the AMX instruction TDPBF16PS (Intel's manual, volume 2), so that every machine
// gives the same bits: per block of 32 of the hidden dimension one chain of fp32 fused multiply-adds over the
// even indices, one over the odd ones, each from 0; their sum is added to the score. Operands are rounded to
// nearest even; denormals, before and after every operation, are zeros. A hidden dimension that is no
// multiple of 32 is continued with zeros.
//
// A score is within 0.009 of the sum of |hidden · weight| of the fp32 score, for hidden sizes up to 16384:
// 2^-8 for the operands, the rest for both roundings of the sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/gate_arithmetic.hpp"

namespace switchyard {

inline constexpr double kBf16ScoreError = 0.009;

inline constexpr std::size_t kTile = 16;       // rows or columns of a matrix register
inline constexpr std::size_t kTileDepth = 32;  // bf16 numbers in a row of one
inline constexpr std::size_t kPanel = 2 * kTile;

/// The nearest bf16, as the upper half of an fp32.
std::uint16_t to_bf16(float value);

/// The weights as the right operands of TDPBF16PS: [panel of 32 experts][half][block][16 pairs][16
/// experts][2].
PackedWeights pack_bf16(const GateShape& shape, std::span<const float> weights);

/// For every machine.
void logits_bf16(const GateInput& input, const PackedWeights& packed, std::span<float> scores);

/// By the matrix unit of Sapphire Rapids and later; may be called where has_amx().
bool has_amx();
void logits_amx(const GateInput& input, const PackedWeights& packed, std::span<float> scores);

}  // namespace switchyard
