// What the expert routers share: checks of their input, then scores for some hundred tokens at a time, then a
// rule for each of them. A router whose rule looks at one token at a time is per_token<rule>; one that weighs
// tokens against each other starts from checked_logits.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/expert_router.hpp"
#include "kernels/gate_arithmetic.hpp"
#include "kernels/routing_rule.hpp"

namespace switchyard {

using Rule = void (*)(const RoutedToken&);
using BlockRule = void (*)(const RoutedTokens&);

/// Where so many tokens are shared out: those of each share, whole tiles that the kernels score together.
std::int64_t tokens_of_share(std::int64_t tokens, std::int64_t shares);

/// Throws std::invalid_argument unless the shape is within GateShape's bounds and every span has its length,
/// those of the output for so many columns.
void check_gate(const GateInput& input, const GateOutput& output, std::int64_t columns);

/// scores [tokens, num_experts], the logits of a checked input. Throws std::invalid_argument when one is not
/// finite.
void checked_logits(const GateArithmetic& arithmetic, const GateInput& input, std::span<float> scores);
void checked_logits(const GateArithmetic& arithmetic, const GateInput& input, const PackedWeights& packed,
                    std::span<float> scores);

/// Checks, scores, then the rule block by block: scores are used while they are in the cache.
void route_tokens(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output,
                  BlockRule rule);

/// A row's function for a rule that takes a block of tokens.
template <BlockRule rule>
void per_block(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  route_tokens(arithmetic, input, output, rule);
}

/// A row's function for a rule that takes one token.
template <Rule rule>
void per_token(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  route_tokens(arithmetic, input, output, [](const RoutedTokens& block) {
    for (std::int64_t t = 0; t < block.tokens; ++t) rule(block[t]);
  });
}

}  // namespace switchyard
