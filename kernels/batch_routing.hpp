// What the routers share whose rule sees more than one token's scores: the scores of a whole batch, the room
// that a capacity leaves, and draws by token.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernels/expert_router.hpp"
#include "kernels/gate_arithmetic.hpp"
#include "kernels/gate_draws.hpp"

namespace switchyard {

/// Throws std::invalid_argument unless top_k is in `range`.
void require_top_k(const GateInput& input, TopKRange range);

/// Calls visit(token, its logits [num_experts]) for all tokens in turn; the logits are finite and the
/// visitor's to overwrite. For inputs that check_gate has passed.
void for_each_scored_token(const GateArithmetic& arithmetic, const GateInput& input,
                           const std::function<void(std::size_t, std::span<float>)>& visit);

/// The tokens that an expert takes of the input's batch, by kernels/expert_capacity.hpp; all where there is
/// no capacity_factor.
std::int64_t expert_capacity(const GateInput& input, std::int64_t choices_per_token);

/// Counts what experts take, up to their capacity.
class ExpertRoom {
 public:
  ExpertRoom(std::int64_t num_experts, std::int64_t capacity)
      : left_(static_cast<std::size_t>(num_experts), capacity) {}
  /// Takes a place, if one is left.
  bool take(std::uint16_t expert) {
    if (left_[expert] == 0) return false;
    --left_[expert];
    return true;
  }

 private:
  std::vector<std::int64_t> left_;
};

/// The draws of a token of this input.
inline GateDraws draws_of(const GateInput& input, std::size_t token, std::size_t expert = 0) {
  return {input.seed, input.first_token + token, expert};
}

/// A token's row of an output of so many columns; no weights where none are wanted.
inline GateOutput row_of(const GateOutput& output, std::size_t token, std::size_t columns) {
  return {output.experts.subspan(token * columns, columns),
          output.weights.empty() ? output.weights : output.weights.subspan(token * columns, columns)};
}

/// The place holds no expert.
inline void leave_empty(const GateOutput& row, std::size_t place) {
  row.experts[place] = kNoExpert;
  if (!row.weights.empty()) row.weights[place] = 0.0f;
}

}  // namespace switchyard
