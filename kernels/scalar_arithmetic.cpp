// The defining, scalar variant of the gates' arithmetic.
#include <algorithm>
#include <cmath>

#include "kernels/exponential.hpp"
#include "kernels/gate_arithmetic.hpp"
#include "kernels/selection.hpp"

namespace switchyard {
namespace {

float dot(const float* token, const float* expert, std::int64_t length) {
  float sum = 0.0f;
  for (std::int64_t d = 0; d < length; ++d) sum = std::fma(token[d], expert[d], sum);
  return sum;
}

PackedWeights pack(const GateShape&, std::span<const float>) { return {}; }

void logits(const GateInput& input, const PackedWeights&, std::span<float> scores) {
  const std::int64_t length = input.shape.hidden_size;
  const std::int64_t experts = input.shape.num_experts;
  for (std::int64_t t = 0; t < input.tokens; ++t) {
    for (std::int64_t e = 0; e < experts; ++e) {
      scores[t * experts + e] =
          dot(input.hidden.data() + t * length, input.weights.data() + e * length, length);
    }
  }
  add_logit_bias(input, scores);
}

void exponentials(std::span<const float> logits, float shift, std::span<float> out) {
  for (std::size_t i = 0; i < logits.size(); ++i) out[i] = exp_fp32(logits[i] - shift);
}

void sigmoids(std::span<const float> logits, std::span<float> out) {
  for (std::size_t i = 0; i < logits.size(); ++i) out[i] = 1.0f / (1.0f + exp_fp32(-logits[i]));
}

void biased_sigmoids(std::span<const float> logits, std::span<const float> bias, std::span<float> scores,
                     std::span<float> choice) {
  sigmoids(logits, scores);
  for (std::size_t i = 0; i < scores.size(); ++i)
    choice[i] = bias.empty() ? scores[i] : scores[i] + bias[i % bias.size()];
}

void choose_rows(std::span<const float> scores, std::span<std::uint16_t> chosen, std::int64_t tokens) {
  const auto rows = static_cast<std::size_t>(tokens);
  const std::size_t n = scores.size() / rows;
  const std::size_t k = chosen.size() / rows;
  for (std::size_t t = 0; t < rows; ++t) choose_top(scores.subspan(t * n, n), chosen.subspan(t * k, k));
}

void sums_of_two_best(std::span<const float> scores, std::span<float> sums) {
  const std::size_t size = scores.size() / sums.size();
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = sum_of_two_best(scores.subspan(i * size, size));
}

void keep_best_groups(std::span<const float> group_scores, std::span<const float> scores, std::int64_t tokens,
                      const KeptGroups& kept) {
  const auto rows = static_cast<std::size_t>(tokens);
  const std::size_t groups = group_scores.size() / rows;
  const std::size_t chosen = kept.groups.size() / rows;
  const std::size_t size = scores.size() / group_scores.size();
  float* to = kept.scores.data();
  for (std::size_t t = 0; t < rows; ++t) {
    const std::span<std::uint16_t> best = kept.groups.subspan(t * chosen, chosen);
    choose_groups(group_scores.subspan(t * groups, groups), best);
    for (const std::uint16_t group : best)
      to = std::copy_n(scores.data() + (t * groups + group) * size, size, to);
  }
}

}  // namespace

void add_logit_bias(const GateInput& input, std::span<float> scores) {
  const std::size_t experts = input.logit_bias.size();
  for (std::size_t row = 0; experts > 0 && row < scores.size(); row += experts) {
    for (std::size_t e = 0; e < experts; ++e) scores[row + e] += input.logit_bias[e];
  }
}

const GateArithmetic& scalar_arithmetic() {
  static constexpr GateArithmetic kScalar{
      pack, logits, exponentials, sigmoids, biased_sigmoids, choose_rows, sums_of_two_best, keep_best_groups};
  return kScalar;
}

}  // namespace switchyard
