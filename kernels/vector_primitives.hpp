// The vector pieces that the variants (kernels/variants.cpp) are put together from; contracts as in
// GateArithmetic. "widest" is the widest of AVX2 and AVX-512 that this machine has.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/gate_arithmetic.hpp"

namespace switchyard {

PackedWeights pack_sse4(const GateShape& shape, std::span<const float> weights);
void logits_sse4(const GateInput& input, const PackedWeights& packed, std::span<float> scores);

PackedWeights pack_avx2(const GateShape& shape, std::span<const float> weights);
void logits_avx2(const GateInput& input, const PackedWeights& packed, std::span<float> scores);
void exponentials_avx2(std::span<const float> logits, float shift, std::span<float> out);
void sigmoids_avx2(std::span<const float> logits, std::span<float> out);
void biased_sigmoids_avx2(std::span<const float> logits, std::span<const float> bias, std::span<float> scores,
                          std::span<float> choice);

PackedWeights pack_widest(const GateShape& shape, std::span<const float> weights);
void logits_widest(const GateInput& input, const PackedWeights& packed, std::span<float> scores);
void exponentials_widest(std::span<const float> logits, float shift, std::span<float> out);
void sigmoids_widest(std::span<const float> logits, std::span<float> out);
void biased_sigmoids_widest(std::span<const float> logits, std::span<const float> bias,
                            std::span<float> scores, std::span<float> choice);

/// Whether the functions below may be called: AVX-512 of Ice Lake or Zen 4 (F, BW, DQ, VL, VBMI2).
bool has_avx512_selection();
void choose_top_avx512(std::span<const float> scores, std::span<std::uint16_t> chosen, std::int64_t tokens);
void sums_of_two_best_avx512(std::span<const float> scores, std::span<float> sums);
void keep_best_groups_avx512(std::span<const float> group_scores, std::span<const float> scores,
                             std::int64_t tokens, const KeptGroups& kept);

}  // namespace switchyard
