// softmax_topk: p = softmax(logits) over all experts; the k largest p are chosen; weights = p, not
// renormalised. OLMoE (arXiv:2409.02060; Hugging Face modeling_olmoe.py, norm_topk_prob = false).
//
// The choice is made on the logits. Softmax is strictly increasing in its logit, so this is the same set and
// order; only two different logits whose fp32 probabilities round to one value are a tie there and not here,
// and the published code leaves the order of ties open (torch.topk). Here the higher logit wins, then the
// lower index.
#include <algorithm>
#include <array>

#include "kernels/routing_rule.hpp"

namespace switchyard {
namespace {

/// sums[t] = the sum of a row of `width` values, from the first upwards: one chain of additions a row, as the
/// definition wants, and all rows' chains at a time.
void sum_rows(std::span<const float> values, std::size_t width, std::span<float> sums) {
  std::fill(sums.begin(), sums.end(), 0.0f);
  std::size_t t = 0;
  for (; t + 8 <= sums.size(); t += 8) {
    const float* row = values.data() + t * width;
    std::array<float, 8> sum{};
    for (std::size_t e = 0; e < width; ++e) {
      for (std::size_t r = 0; r < 8; ++r) sum[r] += row[r * width + e];
    }
    std::copy(sum.begin(), sum.end(), sums.data() + t);
  }
  for (; t < sums.size(); ++t) {
    for (const float value : values.subspan(t * width, width)) sums[t] += value;
  }
}

}  // namespace

void softmax_topk(const RoutedTokens& block) {
  block.choose_by_logits();
  if (block.weights.empty()) return;
  weigh_by_softmax(block);
  const auto scale = static_cast<float>(block.shape.routed_scaling_factor);
  for (float& weight : block.weights) weight *= scale;
}

void weigh_by_softmax(const RoutedTokens& block) {
  std::array<float, RoutedTokens::kMaxTokens> sums;
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const RoutedToken token = block[t];
    const float highest = token.logits[token.experts[0]];
    token.arithmetic.exponentials(token.logits, highest, token.scratch);
  }
  sum_rows(block.scratch, static_cast<std::size_t>(block.shape.num_experts),
           std::span(sums).first(static_cast<std::size_t>(block.tokens)));
  for (std::int64_t t = 0; t < block.tokens; ++t) {
    const RoutedToken token = block[t];
    const float sum = sums[static_cast<std::size_t>(t)];
    for (std::size_t i = 0; i < token.experts.size(); ++i)
      token.weights[i] = token.scratch[token.experts[i]] / sum;
  }
}

void softmax_into_scratch(const RoutedToken& token) {
  softmax_into(token.arithmetic, token.logits, token.scratch);
}

void softmax_into(const GateArithmetic& arithmetic, std::span<const float> logits, std::span<float> p) {
  arithmetic.exponentials(logits, *std::max_element(logits.begin(), logits.end()), p);
  float sum = 0.0f;
  for (const float value : p) sum += value;
  for (float& value : p) value /= sum;
}

}  // namespace switchyard
