// topk_plus_one_random: exploration. The k largest logits are chosen and one more expert, drawn uniformly
// from the others (arXiv:2110.04260, THOR, trains with experts drawn so); weights = softmax over these k + 1
// logits, as topk_softmax has it over k. A row has k + 1 places, the drawn expert in the last; with no other
// expert left that place is empty.
//
// No publication that we know fixes this rule as a whole: the draw is THOR's, the weights are those of
// arXiv:1701.06538.
#include <algorithm>
#include <array>

#include "kernels/batch_routing.hpp"
#include "kernels/distinct_draws.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

/// One of the experts beside those chosen.
std::uint16_t draw_other(const GateInput& input, std::size_t token, std::span<const std::uint16_t> chosen) {
  std::array<std::uint16_t, 32> taken{};
  std::copy(chosen.begin(), chosen.end(), taken.begin());
  std::sort(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(chosen.size()));
  const auto others = static_cast<std::uint64_t>(input.shape.num_experts) - chosen.size();
  return nth_other(std::span(taken).first(chosen.size()), draws_of(input, token).below(others));
}

}  // namespace

void topk_plus_one_random(const GateArithmetic& arithmetic, const GateInput& input,
                          const GateOutput& output) {
  const auto k = static_cast<std::size_t>(input.shape.num_experts_per_tok);
  check_gate(input, output, input.shape.num_experts_per_tok + 1);
  const bool others = input.shape.num_experts > input.shape.num_experts_per_tok;
  for_each_scored_token(arithmetic, input, [&](std::size_t t, std::span<float> logits) {
    const GateOutput row = row_of(output, t, k + 1);
    arithmetic.choose_top(logits, row.experts.first(k), 1);
    if (others) row.experts[k] = draw_other(input, t, row.experts.first(k));
    else leave_empty(row, k);
    if (row.weights.empty()) return;
    const std::size_t filled = others ? k + 1 : k;
    softmax_of_chosen(logits, row.experts.first(filled),
                      static_cast<float>(input.shape.routed_scaling_factor), row.weights.first(filled));
  });
}

}  // namespace switchyard
