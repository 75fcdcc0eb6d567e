// Expert routers: token vectors in, chosen experts and their weights out. Each is a row of a table: the
// scalar reference fixes the exact arithmetic (fp32, one chain of fused multiply-adds over the hidden
// dimension a score); the variants must select the same experts. On equal scores the lower expert index wins.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/gate_shape.hpp"

namespace switchyard {

/// Shapes, row-major: hidden [tokens, hidden_size]; weights [num_experts, hidden_size]; biases [num_experts]
/// or empty.
struct GateInput {
  GateShape shape;
  std::int64_t tokens = 0;
  std::span<const float> hidden;
  std::span<const float> weights;
  std::span<const float> logit_bias;      // added to the logits (gpt-oss; also a skew)
  std::span<const float> selection_bias;  // added to the scores for selection only (noaux_tc)
};

/// Where the result goes: experts and weights, both [tokens, top_k], by descending selection score. An empty
/// `weights` means that only the choice is wanted.
struct GateOutput {
  std::span<std::uint16_t> experts;
  std::span<float> weights;
};

struct GateArithmetic;

struct ExpertRouter {
  std::string_view name;         // "noaux_tc"
  std::string_view description;  // one sentence with its source
  /// Routes with the given variant of the arithmetic (kernels/gate_arithmetic.hpp). Throws
  /// std::invalid_argument on sizes outside GateShape's bounds, spans of the wrong length, or scores that are
  /// not finite.
  void (*route_by)(const GateArithmetic&, const GateInput&, const GateOutput&);

  /// By the scalar arithmetic.
  void reference(const GateInput& input, const GateOutput& output) const;
  /// By the fastest variant of this machine; the same selection.
  void route(const GateInput& input, const GateOutput& output) const;
};

/// The menu.
std::span<const ExpertRouter> expert_routers();

}  // namespace switchyard
