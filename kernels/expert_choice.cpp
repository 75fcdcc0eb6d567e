// expert_choice: Mixture-of-Experts with expert choice routing (arXiv:2202.09368, section 3.2). p =
// softmax(logits) of each token; each expert takes the ceil(capacity_factor x tokens / experts) tokens of the
// batch with the largest p for it, on equal p the earlier one. Weights are these p. So a token has anything
// from no expert to all of them: its row has a place for every expert. capacity_factor is the paper's c, the
// mean number of experts a token; top_k stands in where it is absent.
#include <algorithm>
#include <numeric>

#include "kernels/batch_routing.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

std::int64_t tokens_per_expert(GateInput input) {
  if (!input.capacity_factor) input.capacity_factor = static_cast<double>(input.shape.num_experts_per_tok);
  return expert_capacity(input, 1);
}

/// The `count` tokens with the largest p for one expert, in no order.
std::vector<std::size_t> best_tokens(std::span<const float> p, std::size_t experts, std::size_t expert,
                                     std::size_t count) {
  std::vector<std::size_t> tokens(p.size() / experts);
  std::iota(tokens.begin(), tokens.end(), std::size_t{0});
  const auto better = [&](std::size_t a, std::size_t b) {
    const float pa = p[a * experts + expert], pb = p[b * experts + expert];
    return pa != pb ? pa > pb : a < b;
  };
  std::nth_element(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count), tokens.end(), better);
  tokens.resize(count);
  return tokens;
}

/// A row whose first `filled` experts were written in rising order, put by descending p; then the empty
/// places.
void finish_row(std::span<const float> p, std::size_t filled, float scale, const GateOutput& row) {
  std::stable_sort(row.experts.begin(), row.experts.begin() + static_cast<std::ptrdiff_t>(filled),
                   [&](std::uint16_t a, std::uint16_t b) { return p[a] > p[b]; });
  for (std::size_t i = 0; i < filled && !row.weights.empty(); ++i) row.weights[i] = p[row.experts[i]] * scale;
  for (std::size_t i = filled; i < row.experts.size(); ++i) leave_empty(row, i);
}

}  // namespace

void expert_choice(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  check_gate(input, output, input.shape.num_experts);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto tokens = static_cast<std::size_t>(input.tokens);
  std::vector<float> p(tokens * experts);
  for_each_scored_token(arithmetic, input, [&](std::size_t t, std::span<float> logits) {
    softmax_into(arithmetic, logits, std::span(p).subspan(t * experts, experts));
  });
  const auto taken = static_cast<std::size_t>(tokens_per_expert(input));
  std::vector<std::size_t> filled(tokens);
  for (std::size_t e = 0; e < experts; ++e)
    for (const std::size_t t : best_tokens(p, experts, e, taken))
      output.experts[t * experts + filled[t]++] = static_cast<std::uint16_t>(e);
  const auto scale = static_cast<float>(input.shape.routed_scaling_factor);
  for (std::size_t t = 0; t < tokens; ++t)
    finish_row(std::span(p).subspan(t * experts, experts), filled[t], scale, row_of(output, t, experts));
}

}  // namespace switchyard
