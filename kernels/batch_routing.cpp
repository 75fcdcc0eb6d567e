// Scores of a batch some hundred tokens at a time, and the size of an expert's buffer.
#include "kernels/batch_routing.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/expert_capacity.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kChunk = 768;  // tokens: their scores stay in the cache

}  // namespace

void require_top_k(const GateInput& input, TopKRange range) {
  const std::int64_t k = input.shape.num_experts_per_tok;
  if (k >= range.min && k <= range.max) return;
  throw std::invalid_argument("expert router: num_experts_per_tok = " + std::to_string(k) +
                              " is outside this router's " + std::to_string(range.min) + " to " +
                              std::to_string(range.max));
}

void for_each_scored_token(const GateArithmetic& arithmetic, const GateInput& input,
                           const std::function<void(std::size_t, std::span<float>)>& visit) {
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const std::int64_t length = input.shape.hidden_size;
  const PackedWeights packed = arithmetic.pack(input.shape, input.weights);
  AlignedVector<float> scores(static_cast<std::size_t>(std::min(kChunk, input.tokens)) * experts);
  for (std::int64_t first = 0; first < input.tokens; first += kChunk) {
    GateInput chunk = input;
    chunk.tokens = std::min(kChunk, input.tokens - first);
    chunk.hidden = input.hidden.subspan(first * length, chunk.tokens * length);
    const std::span<float> rows(scores.data(), static_cast<std::size_t>(chunk.tokens) * experts);
    checked_logits(arithmetic, chunk, packed, rows);
    for (std::size_t t = 0; t < static_cast<std::size_t>(chunk.tokens); ++t)
      visit(static_cast<std::size_t>(first) + t, rows.subspan(t * experts, experts));
  }
}

std::int64_t expert_capacity(const GateInput& input, std::int64_t choices_per_token) {
  if (!input.capacity_factor) return input.tokens;
  const std::int64_t places =
      expert_capacity(*input.capacity_factor, input.tokens * choices_per_token, input.shape.num_experts);
  return std::min(places, input.tokens);
}

}  // namespace switchyard
