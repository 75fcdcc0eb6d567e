// hash: Hash layers (arXiv:2106.04426, section 3.1, "random hash"). A token's experts are a fixed random
// function of its id, the same in training and at inference; nothing is learned, no score is computed, and
// hidden and weights are not read. k = 1 has weight 1, as in the paper; for more, k different experts are
// drawn and weigh alike. A row is in the order of its experts' indices.
//
// DeepSeek-V4's first layers also choose by id, from a stored table, but weigh by learned scores: that is not
// this rule.
#include <stdexcept>

#include "kernels/batch_routing.hpp"
#include "kernels/distinct_draws.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {

void hash_by_token(const GateArithmetic&, const GateInput& input, const GateOutput& output) {
  check_gate(input, output, input.shape.num_experts_per_tok);
  if (input.tokens > 0 && input.token_ids.empty())
    throw std::invalid_argument("expert router: hash chooses by token id, and token_ids is empty");
  const auto k = static_cast<std::size_t>(input.shape.num_experts_per_tok);
  for (std::size_t t = 0; t < static_cast<std::size_t>(input.tokens); ++t) {
    GateDraws draws(input.seed, input.token_ids[t], 0);
    const GateOutput row = row_of(output, t, k);
    for (std::size_t i = 0; i < k; ++i)
      insert_other(row.experts, i, draws.below(static_cast<std::uint64_t>(input.shape.num_experts) - i));
  }
  const auto weight = static_cast<float>(input.shape.routed_scaling_factor / static_cast<double>(k));
  std::fill(output.weights.begin(), output.weights.end(), weight);
}

}  // namespace switchyard
