// sparsemixer: SparseMixer-v2 at inference (GRIN, arXiv:2409.12136; Hugging Face modeling_phimoe.py). The
// best expert is weighted by a softmax over the logits close to its own; then it is taken out and the next
// best is weighted the same way. Close means (best - logit) / max(|logit|, best) <= 2 x jitter, with the
// models' jitter of 0.01. The weights of a token do not sum to 1.
#include <algorithm>
#include <cmath>

#include "kernels/exponential.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/selection.hpp"

namespace switchyard {
namespace {

constexpr float kTwiceJitter = 0.02f;

/// The best expert's share among those close to it; experts that are taken stand at -inf.
float share_of_best(std::span<const float> logits, float best) {
  float sum = 0.0f;
  for (const float logit : logits) {
    const bool far = (best - logit) / std::max(std::fabs(logit), best) > kTwiceJitter;
    if (!far && !std::isinf(logit)) sum += exp_fp32(logit - best);
  }
  return 1.0f / sum;
}

}  // namespace

void sparsemixer(const RoutedToken& token) {
  choose_top(token.logits, token.experts);
  if (token.weights.empty()) return;
  const auto scale = static_cast<float>(token.shape.routed_scaling_factor);
  for (std::size_t i = 0; i < token.experts.size(); ++i) {
    float& best = token.logits[token.experts[i]];
    token.weights[i] = share_of_best(token.logits, best) * scale;
    best = -INFINITY;
  }
}

}  // namespace switchyard
