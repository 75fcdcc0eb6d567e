// soft: dense gating, as in the mixtures of experts before sparse ones (Jacobs, Jordan, Nowlan, Hinton 1991,
// "Adaptive mixtures of local experts"; softmax gating of arXiv:1701.06538, equation 2): every expert works
// on every token, weighted by softmax(logits). A row has a place for every expert, whatever top_k.
//
// Soft MoE (arXiv:2308.00951) is something else: there experts work on mixtures of the batch's tokens, and no
// token belongs to an expert.
#include <algorithm>
#include <numeric>

#include "kernels/batch_routing.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {

void soft(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  check_gate(input, output, input.shape.num_experts);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto scale = static_cast<float>(input.shape.routed_scaling_factor);
  std::vector<float> p(experts);
  for_each_scored_token(arithmetic, input, [&](std::size_t t, std::span<float> logits) {
    const GateOutput row = row_of(output, t, experts);
    std::iota(row.experts.begin(), row.experts.end(), std::uint16_t{0});
    std::stable_sort(row.experts.begin(), row.experts.end(),
                     [&](std::uint16_t a, std::uint16_t b) { return logits[a] > logits[b]; });
    if (row.weights.empty()) return;
    softmax_into(arithmetic, logits, p);
    for (std::size_t i = 0; i < experts; ++i) row.weights[i] = p[row.experts[i]] * scale;
  });
}

}  // namespace switchyard
