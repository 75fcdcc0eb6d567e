// Checks of a gate's input, and the loop over its tokens.
#include "kernels/token_routing.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/on_threads.hpp"

namespace switchyard {
namespace {

/// Tokens whose scores are computed before their experts are chosen. Wide gates pass the weights through the
/// cache once a chunk, so theirs are large; narrow gates' scores stay in the nearest cache.
std::int64_t chunk_of(const GateArithmetic& arithmetic, const GateInput& input) {
  if (arithmetic.choosing == Choosing::afterwards) return std::max<std::int64_t>(input.tokens, 1);
  return input.shape.hidden_size > 512 ? 768 : 96;
}

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
  std::int32_t largest = 0;  // magnitudes order as their bits do, infinity and what is not a number last
  for (const float score : scores)
    largest = std::max(largest, std::bit_cast<std::int32_t>(score) & 0x7fffffff);
  require(largest < 0x7f800000, "a score is not finite");
}

void check_spans(const GateInput& input, const GateOutput& output, std::int64_t columns) {
  require(input.tokens >= 0, "tokens is negative");
  const auto tokens = static_cast<std::size_t>(input.tokens);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const std::size_t places = tokens * static_cast<std::size_t>(columns);
  require(input.hidden.size() == tokens * length, "hidden is not [tokens, hidden_size]");
  require(input.weights.size() == experts * length, "weights is not [num_experts, hidden_size]");
  require(input.logit_bias.empty() || input.logit_bias.size() == experts, "logit_bias is not [num_experts]");
  require(input.selection_bias.empty() || input.selection_bias.size() == experts,
          "selection_bias is not [num_experts]");
  require(output.experts.size() == places, "experts is not [tokens, columns]");
  require(output.weights.empty() || output.weights.size() == places, "weights is not [tokens, columns]");
  check_finite(input.selection_bias);
}

void check_extras(const GateInput& input) {
  require_within(input.threads, 1, 1024, "threads");
  require(input.token_ids.empty() || input.token_ids.size() == static_cast<std::size_t>(input.tokens),
          "token_ids is not [tokens]");
  require(input.noise_weights.empty() || input.noise_weights.size() == input.weights.size(),
          "noise_weights is not [num_experts, hidden_size]");
  require(!input.capacity_factor || (std::isfinite(*input.capacity_factor) && *input.capacity_factor > 0.0),
          "capacity_factor is not a number above 0");
}

/// `count` rows of `width` from `first` on; nothing of an empty span.
template <class T>
std::span<T> rows(std::span<T> all, std::int64_t first, std::int64_t count, std::int64_t width) {
  if (all.empty()) return all;
  return all.subspan(static_cast<std::size_t>(first * width), static_cast<std::size_t>(count * width));
}

/// The rule for every block of a chunk whose scores are known.
void choose_experts(const GateArithmetic& arithmetic, const GateInput& chunk, const GateOutput& output,
                    std::span<float> scores, BlockRule rule) {
  const std::int64_t experts = chunk.shape.num_experts;
  const std::int64_t k = chunk.shape.num_experts_per_tok;
  AlignedVector<float> scratch(static_cast<std::size_t>(RoutedTokens::kMaxTokens * experts));
  for (std::int64_t t = 0; t < chunk.tokens; t += RoutedTokens::kMaxTokens) {
    const std::int64_t count = std::min(RoutedTokens::kMaxTokens, chunk.tokens - t);
    const std::span<float> logits = rows(scores, t, count, experts);
    check_finite(logits);
    rule({chunk.shape, arithmetic, chunk.selection_bias, count, logits,
          std::span(scratch).first(logits.size()), rows(output.experts, t, count, k),
          rows(output.weights, t, count, k)});
  }
}

/// Some of the tokens and where their result goes.
struct Share {
  GateInput input;
  GateOutput output;
};

Share share_from(const GateInput& input, const GateOutput& output, std::int64_t first, std::int64_t count) {
  Share share{input, {}};
  const std::int64_t k = input.shape.num_experts_per_tok;
  share.input.tokens = std::min(count, input.tokens - first);
  share.input.hidden = rows(input.hidden, first, share.input.tokens, input.shape.hidden_size);
  share.output = {rows(output.experts, first, share.input.tokens, k),
                  rows(output.weights, first, share.input.tokens, k)};
  return share;
}

void route_share(const GateArithmetic& arithmetic, const PackedWeights& packed, const GateInput& input,
                 const GateOutput& output, BlockRule rule) {
  const std::int64_t size = std::min(chunk_of(arithmetic, input), input.tokens);
  AlignedVector<float> scores(static_cast<std::size_t>(size * input.shape.num_experts));
  for (std::int64_t first = 0; first < input.tokens; first += size) {
    const Share chunk = share_from(input, output, first, size);
    const std::span<float> of_chunk =
        rows(std::span<float>(scores), 0, chunk.input.tokens, input.shape.num_experts);
    arithmetic.logits(chunk.input, packed, of_chunk);
    choose_experts(arithmetic, chunk.input, chunk.output, of_chunk, rule);
  }
}

}  // namespace

std::int64_t tokens_of_share(std::int64_t tokens, std::int64_t shares) {
  constexpr std::int64_t kTile = 96;
  return ((tokens + shares - 1) / shares + kTile - 1) / kTile * kTile;
}

void check_gate(const GateInput& input, const GateOutput& output, std::int64_t columns) {
  check_shape(input.shape);
  check_spans(input, output, columns);
  check_extras(input);
}

void checked_logits(const GateArithmetic& arithmetic, const GateInput& input, std::span<float> scores) {
  checked_logits(arithmetic, input, arithmetic.pack(input.shape, input.weights), scores);
}

void checked_logits(const GateArithmetic& arithmetic, const GateInput& input, const PackedWeights& packed,
                    std::span<float> scores) {
  arithmetic.logits(input, packed, scores);
  check_finite(scores);
}

void route_tokens(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output,
                  BlockRule rule) {
  check_gate(input, output, input.shape.num_experts_per_tok);
  const PackedWeights packed = arithmetic.pack(input.shape, input.weights);
  const std::int64_t share = tokens_of_share(input.tokens, input.threads);
  if (share >= input.tokens) return route_share(arithmetic, packed, input, output, rule);
  on_threads(input.threads, (input.tokens + share - 1) / share, [&](std::int64_t number) {
    const Share part = share_from(input, output, number * share, share);
    route_share(arithmetic, packed, part.input, part.output, rule);
  });
}

}  // namespace switchyard
