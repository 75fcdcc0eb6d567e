// The arithmetic that every expert router is built on: scores, exponentials and the choice of the best. A
// scalar variant fixes the order of operations and the outcome of ties; the others (kernels/variants.hpp) are
// faster. All but those that say so agree with it bit for bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/expert_router.hpp"

namespace switchyard {

/// A gate's weights in the order in which one variant's product reads them; empty where that is the given
/// one.
struct PackedWeights {
  AlignedVector<float> fp32;
  AlignedVector<std::uint16_t> bf16;  // the upper halves of fp32
};

/// Groups that some tokens may use and the scores of their experts, side by side.
struct KeptGroups {
  std::span<std::uint16_t> groups;  // [tokens, kept], ascending
  std::span<float> scores;          // [tokens, kept, experts of a group]
};

/// Whether experts are chosen when all tokens have their scores, or chunk by chunk, while the scores are
/// still in the cache.
enum class Choosing { afterwards, by_chunk };

struct GateArithmetic {
  PackedWeights (*pack)(const GateShape& shape, std::span<const float> weights);

  /// scores [tokens, num_experts] = hidden · weightsᵀ, then + logit_bias where there is one. Each product is
  /// one chain of fp32 fused multiply-adds over the hidden dimension, from index 0 upwards, starting at 0.
  /// Called with any number of tokens; `packed` holds all of the gate's weights.
  void (*logits)(const GateInput& input, const PackedWeights& packed, std::span<float> scores);

  /// out[i] = exp(logits[i] - shift), by exp_fp32 (kernels/exponential.hpp). Finite logits, shift their
  /// maximum.
  void (*exponentials)(std::span<const float> logits, float shift, std::span<float> out);

  /// out[i] = 1 / (1 + exp(-logits[i])), by exp_fp32. Finite logits.
  void (*sigmoids)(std::span<const float> logits, std::span<float> out);

  /// sigmoids(logits, scores) and choice = scores + bias, row by row of bias.size(); without a bias, =
  /// scores. choice may be logits.
  void (*biased_sigmoids)(std::span<const float> logits, std::span<const float> bias, std::span<float> scores,
                          std::span<float> choice);

  /// For each row of scores [tokens, n] the indices of the k highest, into chosen [tokens, k], by descending
  /// score; on equal scores (-0 and +0 among them) the lower index comes first. -inf marks an expert that may
  /// not be chosen; the caller leaves enough others. 1 <= k <= 32, k <= n <= 2048.
  void (*choose_top)(std::span<const float> scores, std::span<std::uint16_t> chosen, std::int64_t tokens);

  /// sums[i] = the sum of the two highest scores of the i-th of sums.size() equal blocks, of two at least.
  void (*sums_of_two_best)(std::span<const float> scores, std::span<float> sums);

  /// Keeps, of each token's groups, those with the highest group_scores [tokens, groups], on equal scores the
  /// lower ones, and copies their scores from [tokens, groups, experts of a group]. kept.scores may begin
  /// where scores does.
  void (*keep_best_groups)(std::span<const float> group_scores, std::span<const float> scores,
                           std::int64_t tokens, const KeptGroups& kept);

  Choosing choosing = Choosing::afterwards;
};

/// scores [tokens, num_experts] += the input's logit_bias, if it has one: the last step of every `logits`.
void add_logit_bias(const GateInput& input, std::span<float> scores);

/// The definition.
const GateArithmetic& scalar_arithmetic();

/// The fastest for this machine with the bits of the definition.
const GateArithmetic& vector_arithmetic();

/// The fastest for this machine with scores from bf16 operands (kernels/bf16_primitives.hpp): every machine
/// gives the same bits, which are not those of the definition.
const GateArithmetic& bf16_arithmetic();

inline const GateArithmetic& fastest_arithmetic(ScoreFormat format) {
  return format == ScoreFormat::bf16 ? bf16_arithmetic() : vector_arithmetic();
}

}  // namespace switchyard
