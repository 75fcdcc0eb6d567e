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

/// Throws std::invalid_argument unless the shape is within GateShape's bounds and every span has its length.
void check_gate(const GateInput& input, const GateOutput& output);

/// scores [tokens, num_experts]: arithmetic.logits of a checked input. Throws std::invalid_argument when one
/// is not finite.
void checked_logits(const GateArithmetic& arithmetic, const GateInput& input, std::span<float> scores);

/// Checks, scores, then the rule token by token, chunk by chunk: a chunk's scores stay in the cache.
void route_tokens(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output,
                  Rule rule);

/// A row's function for a rule that looks at one token at a time.
template <Rule rule>
void per_token(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  route_tokens(arithmetic, input, output, rule);
}

}  // namespace switchyard
