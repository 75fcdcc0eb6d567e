// noisy_topk: the sparsely-gated Mixture-of-Experts layer (arXiv:1701.06538, section 2.1, equations 3 to 5).
// In training logit e is raised by N(0, 1) x softplus((hidden · noise_weightsᵀ)_e); the k largest are chosen;
// weights = softmax over those k. Without noise_weights they are the zeros that the paper begins with: a
// deviation of ln 2. At inference there is no noise, and this is topk_softmax.
//
// V-MoE (arXiv:2106.05974) adds noise too, but takes its softmax over all experts before it chooses: at
// inference that is softmax_topk.
#include "kernels/batch_routing.hpp"
#include "kernels/logarithm.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

/// What softplus turns into the noise's deviations, [tokens, num_experts].
std::vector<float> noise_logits(const GateArithmetic& arithmetic, GateInput input) {
  std::vector<float> result(static_cast<std::size_t>(input.tokens * input.shape.num_experts));
  if (input.noise_weights.empty()) return result;
  input.weights = input.noise_weights;
  input.logit_bias = {};
  checked_logits(arithmetic, input, result);
  return result;
}

}  // namespace

void noisy_topk(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  if (input.phase == GatePhase::inference) return route_tokens(arithmetic, input, output, topk_softmax);
  check_gate(input, output, input.shape.num_experts_per_tok);
  const auto k = static_cast<std::size_t>(input.shape.num_experts_per_tok);
  const std::vector<float> noise = noise_logits(arithmetic, input);
  const auto scale = static_cast<float>(input.shape.routed_scaling_factor);
  for_each_scored_token(arithmetic, input, [&](std::size_t t, std::span<float> logits) {
    const float* spread = noise.data() + t * logits.size();
    for (std::size_t e = 0; e < logits.size(); ++e)
      logits[e] += draws_of(input, t, e).normal() * softplus_fp32(spread[e]);
    const GateOutput row = row_of(output, t, k);
    arithmetic.choose_top(logits, row.experts, 1);
    if (!row.weights.empty()) softmax_of_chosen(logits, row.experts, scale, row.weights);
  });
}

}  // namespace switchyard
