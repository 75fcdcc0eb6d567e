// sinkhorn: S-BASE of "Unified scaling laws for routed language models" (arXiv:2202.01169, section 2.1.1), as
// Megatron-Core has it (megatron/core/transformer/moe, moe_router_load_balancing_type "sinkhorn"). In
// training the matrix e^logit of the batch is scaled by a factor a token and one an expert, in turn, until
// the experts' factors move by no more than 1e-4 on average: then all experts weigh alike over the batch. The
// k largest of a token's scaled scores are chosen. At inference the k largest logits. Weights never see the
// scaling: k = 1: the logit's sigmoid; else its softmax over all experts, not renormalised.
//
// Logits are taken relative to the token's largest, which the token's factor undoes, so that e^logit cannot
// overflow. Sums are in double, from index 0 upwards. It stops after 1000 rounds even if it still moves.
#include <algorithm>
#include <cmath>

#include "kernels/batch_routing.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

constexpr double kTolerance = 1e-4;
constexpr double kTiny = 1e-8;
constexpr int kMaxRounds = 1000;

/// The factors by which experts are scaled; a token's own does not change its order.
std::vector<double> expert_factors(std::span<const float> scores, std::size_t experts) {
  const std::size_t tokens = scores.size() / experts;
  std::vector<double> factors(experts, 1.0), sums(experts);
  double moved = kTolerance + 1.0;
  for (int round = 0; round < kMaxRounds && moved > kTolerance; ++round) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t t = 0; t < tokens; ++t) {
      const float* row = scores.data() + t * experts;
      double sum = 0.0;
      for (std::size_t e = 0; e < experts; ++e) sum += factors[e] * static_cast<double>(row[e]);
      const double factor = 1.0 / (static_cast<double>(tokens) * (sum + kTiny));
      for (std::size_t e = 0; e < experts; ++e) sums[e] += factor * static_cast<double>(row[e]);
    }
    moved = 0.0;
    for (std::size_t e = 0; e < experts; ++e) {
      const double factor = 1.0 / (static_cast<double>(experts) * (sums[e] + kTiny));
      moved += std::fabs(factor - factors[e]) / static_cast<double>(experts);
      factors[e] = factor;
    }
  }
  return factors;
}

void top1_sigmoid_or_softmax(const RoutedTokens& block) {
  return block.shape.num_experts_per_tok == 1 ? topk_sigmoid(block) : softmax_topk(block);
}

/// The chosen experts' weights from the token's own logits.
void weigh(const GateArithmetic& arithmetic, const GateInput& input, std::span<const float> logits,
           std::span<float> scratch, const GateOutput& row) {
  if (row.weights.empty()) return;
  if (row.experts.size() == 1) arithmetic.sigmoids(logits, scratch);
  else softmax_into(arithmetic, logits, scratch);
  const auto scale = static_cast<float>(input.shape.routed_scaling_factor);
  for (std::size_t i = 0; i < row.experts.size(); ++i) row.weights[i] = scratch[row.experts[i]] * scale;
}

}  // namespace

void sinkhorn(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  if (input.phase == GatePhase::inference)
    return route_tokens(arithmetic, input, output, top1_sigmoid_or_softmax);
  check_gate(input, output, input.shape.num_experts_per_tok);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto k = static_cast<std::size_t>(input.shape.num_experts_per_tok);
  std::vector<float> all(static_cast<std::size_t>(input.tokens) * experts), scores(all.size());
  for_each_scored_token(arithmetic, input, [&](std::size_t t, std::span<float> logits) {
    std::copy(logits.begin(), logits.end(), all.begin() + static_cast<std::ptrdiff_t>(t * experts));
    arithmetic.exponentials(logits, *std::max_element(logits.begin(), logits.end()),
                            std::span(scores).subspan(t * experts, experts));
  });
  const std::vector<double> factors = expert_factors(scores, experts);
  std::vector<float> scratch(experts);
  for (std::size_t t = 0; t < static_cast<std::size_t>(input.tokens); ++t) {
    const GateOutput row = row_of(output, t, k);
    for (std::size_t e = 0; e < experts; ++e)
      scratch[e] = static_cast<float>(factors[e] * static_cast<double>(scores[t * experts + e]));
    arithmetic.choose_top(scratch, row.experts, 1);
    weigh(arithmetic, input, std::span(all).subspan(t * experts, experts), scratch, row);
  }
}

}  // namespace switchyard
