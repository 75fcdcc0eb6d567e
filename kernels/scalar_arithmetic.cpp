// The defining, scalar variant of the gates' arithmetic.
#include <cmath>

#include "kernels/exponential.hpp"
#include "kernels/gate_arithmetic.hpp"

namespace switchyard {
namespace {

float dot(const float* token, const float* expert, std::int64_t length) {
  float sum = 0.0f;
  for (std::int64_t d = 0; d < length; ++d) sum = std::fma(token[d], expert[d], sum);
  return sum;
}

void logits(const GateInput& input, std::span<float> scores) {
  const std::int64_t length = input.shape.hidden_size;
  const std::int64_t experts = input.shape.num_experts;
  for (std::int64_t t = 0; t < input.tokens; ++t) {
    for (std::int64_t e = 0; e < experts; ++e) {
      float score = dot(input.hidden.data() + t * length, input.weights.data() + e * length, length);
      if (!input.logit_bias.empty()) score += input.logit_bias[e];
      scores[t * experts + e] = score;
    }
  }
}

void exponentials(std::span<const float> logits, float shift, std::span<float> out) {
  for (std::size_t i = 0; i < logits.size(); ++i) out[i] = exp_fp32(logits[i] - shift);
}

void sigmoids(std::span<const float> logits, std::span<float> out) {
  for (std::size_t i = 0; i < logits.size(); ++i) out[i] = 1.0f / (1.0f + exp_fp32(-logits[i]));
}

}  // namespace

const GateArithmetic& scalar_arithmetic() {
  static constexpr GateArithmetic kScalar{logits, exponentials, sigmoids};
  return kScalar;
}

}  // namespace switchyard
