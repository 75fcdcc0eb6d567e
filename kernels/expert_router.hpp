// Expert routers: token vectors in, chosen experts and their weights out. Each is a row of a table: the
// scalar reference fixes the exact arithmetic (fp32, one chain of fused multiply-adds over the hidden
// dimension a score); the variants must select the same experts. On equal scores the lower expert index wins.
// Random draws depend on the input's seed, the token's number and the expert alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernels/gate_shape.hpp"

namespace switchyard {

/// In a place of a token's row that has no expert: left empty, or dropped for want of capacity. Its weight
/// is 0.
inline constexpr std::uint16_t kNoExpert = 0xffff;

/// Some routers add noise or balance the load while a model is trained and choose by score alone later.
enum class GatePhase { inference, training };

/// Shapes, row-major: hidden [tokens, hidden_size]; weights [num_experts, hidden_size]; biases [num_experts]
/// or empty. The rest may stay as it is: the routers that read it say so.
struct GateInput {
  GateShape shape;
  std::int64_t tokens = 0;
  std::span<const float> hidden;
  std::span<const float> weights;
  std::span<const float> logit_bias;      // added to the logits (gpt-oss; also a skew)
  std::span<const float> selection_bias;  // added to the scores for selection only (noaux_tc)

  std::span<const std::uint32_t> token_ids = {};  // [tokens] or empty: hash needs them
  GatePhase phase = GatePhase::inference;
  std::span<const float> noise_weights = {};   // as weights, or empty for zeros: noisy_topk in training
  std::optional<double> capacity_factor = {};  // of experts, per batch of these tokens; absent: no limit
  std::uint64_t seed = 0;
  std::uint64_t first_token = 0;  // the number of the first of these tokens, for the draws
  std::int64_t threads = 1;       // that share the tokens; the result is the same whatever their number
};

/// Where the result goes: experts and weights, both [tokens, columns], by descending selection score, places
/// without an expert last. Columns are top_k for most routers: see ExpertRouter::columns. An empty `weights`
/// means that only the choice is wanted.
struct GateOutput {
  std::span<std::uint16_t> experts;
  std::span<float> weights;
};

/// What a token's experts depend on: its own scores, its id, or the scores of the whole batch.
enum class RoutesBy { scores, token_id, batch };

/// Places of a token in the output.
enum class Places { top_k, top_k_and_one, every_expert };

/// The numbers of experts a token that a router has a rule for.
struct TopKRange {
  std::int64_t min = 1;
  std::int64_t max = 32;
};

struct GateArithmetic;

struct ExpertRouter {
  std::string_view name;         // "noaux_tc"
  std::string_view description;  // one sentence with its source
  /// Routes with the given variant of the arithmetic (kernels/gate_arithmetic.hpp). Throws
  /// std::invalid_argument on sizes outside GateShape's bounds, spans of the wrong length, or scores that are
  /// not finite.
  void (*route_by)(const GateArithmetic&, const GateInput&, const GateOutput&);
  TopKRange top_k = {};
  Places places = Places::top_k;
  RoutesBy by = RoutesBy::scores;  // at inference

  /// Of the output for a gate of this shape.
  std::int64_t columns(const GateShape& shape) const;
  /// By the scalar arithmetic.
  void reference(const GateInput& input, const GateOutput& output) const;
  /// By the fastest variant of this machine; the same selection.
  void route(const GateInput& input, const GateOutput& output) const;
};

/// The menu.
std::span<const ExpertRouter> expert_routers();

}  // namespace switchyard
