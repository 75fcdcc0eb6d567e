// Checks of a gate's input, and the loop over its tokens.
#include "kernels/token_routing.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace switchyard {
namespace {

constexpr std::int64_t kChunk = 768;  // tokens; the weights are repacked once a chunk

void require(bool holds, const std::string& problem) {
  if (!holds) throw std::invalid_argument("expert router: " + problem);
}

void require_within(std::int64_t value, std::int64_t min, std::int64_t max, const std::string& name) {
  require(value >= min && value <= max, name + " = " + std::to_string(value) + " is outside " +
                                            std::to_string(min) + " to " + std::to_string(max));
}

void check_shape(const GateShape& shape) {
  require_within(shape.num_experts, 1, 2048, "num_experts");
  require_within(shape.num_experts_per_tok, 1, std::min<std::int64_t>(32, shape.num_experts),
                 "num_experts_per_tok");
  require_within(shape.hidden_size, 1, 1 << 20, "hidden_size");
  require_within(shape.n_group, 1, shape.num_experts, "n_group");
  require(shape.num_experts % shape.n_group == 0, "n_group does not divide num_experts");
  require_within(shape.topk_group, 1, shape.n_group, "topk_group");
  const std::int64_t group = shape.num_experts / shape.n_group;
  require(shape.topk_group == shape.n_group || group >= 2, "a group of one expert has no two best");
  require(shape.num_experts_per_tok <= shape.topk_group * group,
          "topk_group groups hold fewer experts than top-k");
  require(std::isfinite(shape.routed_scaling_factor), "routed_scaling_factor is not finite");
}

void check_finite(std::span<const float> scores) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  bool finite = true;
  for (const float score : scores) finite &= (std::bit_cast<std::uint32_t>(score) & kExponent) != kExponent;
  require(finite, "a score is not finite");
}

void check_spans(const GateInput& input, const GateOutput& output) {
  require(input.tokens >= 0, "tokens is negative");
  const auto tokens = static_cast<std::size_t>(input.tokens);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const std::size_t chosen = tokens * static_cast<std::size_t>(input.shape.num_experts_per_tok);
  require(input.hidden.size() == tokens * length, "hidden is not [tokens, hidden_size]");
  require(input.weights.size() == experts * length, "weights is not [num_experts, hidden_size]");
  require(input.logit_bias.empty() || input.logit_bias.size() == experts, "logit_bias is not [num_experts]");
  require(input.selection_bias.empty() || input.selection_bias.size() == experts,
          "selection_bias is not [num_experts]");
  require(output.experts.size() == chosen, "experts is not [tokens, num_experts_per_tok]");
  require(output.weights.empty() || output.weights.size() == chosen,
          "weights is not [tokens, num_experts_per_tok]");
  check_finite(input.selection_bias);
}

void route_chunk(const GateArithmetic& arithmetic, const GateInput& chunk, const GateOutput& output,
                 Rule rule) {
  const auto experts = static_cast<std::size_t>(chunk.shape.num_experts);
  const auto k = static_cast<std::size_t>(chunk.shape.num_experts_per_tok);
  std::vector<float> scores(static_cast<std::size_t>(chunk.tokens) * experts);
  std::vector<float> scratch(experts);
  checked_logits(arithmetic, chunk, scores);
  for (std::size_t t = 0; t < static_cast<std::size_t>(chunk.tokens); ++t) {
    const std::span<float> weights =
        output.weights.empty() ? output.weights : output.weights.subspan(t * k, k);
    rule({chunk.shape, arithmetic, chunk.selection_bias, std::span(scores).subspan(t * experts, experts),
          scratch, output.experts.subspan(t * k, k), weights});
  }
}

}  // namespace

void check_gate(const GateInput& input, const GateOutput& output) {
  check_shape(input.shape);
  check_spans(input, output);
}

void checked_logits(const GateArithmetic& arithmetic, const GateInput& input, std::span<float> scores) {
  arithmetic.logits(input, scores);
  check_finite(scores);
}

void route_tokens(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output,
                  Rule rule) {
  check_gate(input, output);
  const std::int64_t k = input.shape.num_experts_per_tok;
  for (std::int64_t first = 0; first < input.tokens; first += kChunk) {
    GateInput chunk = input;
    chunk.tokens = std::min(kChunk, input.tokens - first);
    chunk.hidden =
        input.hidden.subspan(first * input.shape.hidden_size, chunk.tokens * input.shape.hidden_size);
    GateOutput part{output.experts.subspan(first * k, chunk.tokens * k), output.weights};
    if (!output.weights.empty()) part.weights = output.weights.subspan(first * k, chunk.tokens * k);
    route_chunk(arithmetic, chunk, part, rule);
  }
}

}  // namespace switchyard
