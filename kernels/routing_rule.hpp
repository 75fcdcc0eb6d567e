// What an expert router adds to the common arithmetic: a rule from tokens' logits to their experts and
// weights. Each rule is one .cpp and one row of the table in expert_router.cpp. A rule takes one token, or a
// block of some, whose selections then overlap in the processor, or a whole batch.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/gate_arithmetic.hpp"
#include "kernels/gate_shape.hpp"

namespace switchyard {

/// One token at a rule's hands. logits [num_experts] are finite, biased where the gate has a bias, and the
/// rule's own to overwrite; scratch has the same size. weights is empty when nobody wants them.
struct RoutedToken {
  const GateShape& shape;
  const GateArithmetic& arithmetic;
  std::span<const float> selection_bias;
  std::span<float> logits;
  std::span<float> scratch;
  std::span<std::uint16_t> experts;
  std::span<float> weights;
};

/// A block of tokens at a rule's hands: logits and scratch [tokens, num_experts], experts and weights
/// [tokens, top_k]; else as RoutedToken.
struct RoutedTokens {
  const GateShape& shape;
  const GateArithmetic& arithmetic;
  std::span<const float> selection_bias;
  std::int64_t tokens = 0;  // 1…kMaxTokens
  std::span<float> logits;
  std::span<float> scratch;
  std::span<std::uint16_t> experts;
  std::span<float> weights;

  static constexpr std::int64_t kMaxTokens = 16;
  RoutedToken operator[](std::int64_t token) const {
    const auto t = static_cast<std::size_t>(token);
    const auto n = static_cast<std::size_t>(shape.num_experts);
    const auto k = static_cast<std::size_t>(shape.num_experts_per_tok);
    return {shape,
            arithmetic,
            selection_bias,
            logits.subspan(t * n, n),
            scratch.subspan(t * n, n),
            experts.subspan(t * k, k),
            weights.empty() ? weights : weights.subspan(t * k, k)};
  }
  /// experts = those with the highest logits.
  void choose_by_logits() const { arithmetic.choose_top(logits, experts, tokens); }
};

void softmax_topk(const RoutedTokens& block);
void softmax_topk_renorm(const RoutedTokens& block);
void topk_softmax(const RoutedTokens& block);
void noaux_tc(const RoutedTokens& block);
void group_limited_greedy(const RoutedTokens& block);
void topk_sigmoid(const RoutedTokens& block);
void sparsemixer(const RoutedToken& token);

void sqrt_softplus(const RoutedToken& token);

/// Rules that need more than one token's scores: these check their input themselves.
void switch_top1(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void gshard_top2(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void expert_choice(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void noisy_topk(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void sinkhorn(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void base_layers(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void hash_by_token(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void soft(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);
void topk_plus_one_random(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output);

/// What the rules of one and of two experts a token accept.
inline constexpr TopKRange kTop1{1, 1};
inline constexpr TopKRange kTop2{2, 2};

/// weights = scale x softmax over the chosen experts' logits, of which the first is the largest.
void softmax_of_chosen(std::span<const float> logits, std::span<const std::uint16_t> chosen, float scale,
                       std::span<float> weights);

/// scratch = softmax of the logits over all experts.
void softmax_into_scratch(const RoutedToken& token);

/// weights = the softmax of the logits over all experts, of those chosen by their logits only.
void weigh_by_softmax(const RoutedTokens& block);

/// p = exp(logit - max) / sum, summed from expert 0 upwards.
void softmax_into(const GateArithmetic& arithmetic, std::span<const float> logits, std::span<float> p);

}  // namespace switchyard
