// The table of expert routers, and what they share: checks, then logits for some hundred tokens at a time,
// then the rule for each of them.
#include "kernels/expert_router.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/gate_arithmetic.hpp"
#include "kernels/routing_rule.hpp"

namespace switchyard {
namespace {

using Rule = void (*)(const RoutedToken&);

void check_shape(const GateShape& shape);
void check_spans(const GateInput& input, const GateOutput& output);
void check_finite(std::span<const float> scores);
void route_chunk(const GateInput& chunk, const GateOutput& output, const GateArithmetic& arithmetic,
                 Rule rule);

constexpr std::int64_t kChunk = 768;  // tokens; the weights are repacked once a chunk

void route_all(const GateInput& input, const GateOutput& output, const GateArithmetic& arithmetic,
               Rule rule) {
  check_shape(input.shape);
  check_spans(input, output);
  const std::int64_t k = input.shape.num_experts_per_tok;
  for (std::int64_t first = 0; first < input.tokens; first += kChunk) {
    GateInput chunk = input;
    chunk.tokens = std::min(kChunk, input.tokens - first);
    chunk.hidden =
        input.hidden.subspan(first * input.shape.hidden_size, chunk.tokens * input.shape.hidden_size);
    GateOutput part{output.experts.subspan(first * k, chunk.tokens * k), output.weights};
    if (!output.weights.empty()) part.weights = output.weights.subspan(first * k, chunk.tokens * k);
    route_chunk(chunk, part, arithmetic, rule);
  }
}

void route_chunk(const GateInput& chunk, const GateOutput& output, const GateArithmetic& arithmetic,
                 Rule rule) {
  const auto experts = static_cast<std::size_t>(chunk.shape.num_experts);
  const auto k = static_cast<std::size_t>(chunk.shape.num_experts_per_tok);
  std::vector<float> scores(static_cast<std::size_t>(chunk.tokens) * experts);
  std::vector<float> scratch(experts);
  arithmetic.logits(chunk, scores);
  check_finite(scores);
  for (std::size_t t = 0; t < static_cast<std::size_t>(chunk.tokens); ++t) {
    const std::span<float> weights =
        output.weights.empty() ? output.weights : output.weights.subspan(t * k, k);
    rule({chunk.shape, arithmetic, chunk.selection_bias, std::span(scores).subspan(t * experts, experts),
          scratch, output.experts.subspan(t * k, k), weights});
  }
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

void check_finite(std::span<const float> scores) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  bool finite = true;
  for (const float score : scores) finite &= (std::bit_cast<std::uint32_t>(score) & kExponent) != kExponent;
  require(finite, "a score is not finite");
}

template <Rule rule>
void reference(const GateInput& input, const GateOutput& output) {
  route_all(input, output, scalar_arithmetic(), rule);
}

template <Rule rule>
void fastest(const GateInput& input, const GateOutput& output) {
  route_all(input, output, vector_arithmetic(), rule);
}

constexpr ExpertRouter kRouters[] = {
    {"softmax_topk", "Softmax over all experts, then the k best, not renormalised (OLMoE, arXiv:2409.02060)",
     reference<softmax_topk>, fastest<softmax_topk>},
    {"softmax_topk_renorm",
     "Softmax over all experts, the k best, weights renormalised (Mixtral, arXiv:2401.04088)",
     reference<softmax_topk_renorm>, fastest<softmax_topk_renorm>},
    {"topk_softmax", "The k best logits, then softmax over those (gpt-oss, arXiv:2508.10925)",
     reference<topk_softmax>, fastest<topk_softmax>},
    {"noaux_tc",
     "Sigmoid scores, a bias for selection only, best groups first (DeepSeek-V3, arXiv:2412.19437)",
     reference<noaux_tc>, fastest<noaux_tc>},
    {"group_limited_greedy",
     "Softmax, the groups with the best expert, then the k best (DeepSeek-V2, arXiv:2405.04434)",
     reference<group_limited_greedy>, fastest<group_limited_greedy>},
    {"topk_sigmoid", "The k best logits, weights their sigmoids (Llama 4, Hugging Face modeling_llama4.py)",
     reference<topk_sigmoid>, fastest<topk_sigmoid>},
    {"sparsemixer",
     "One expert after the other, each weighted among the logits close to it (Phi-3.5-MoE, arXiv:2409.12136)",
     reference<sparsemixer>, fastest<sparsemixer>},
};

}  // namespace

std::span<const ExpertRouter> expert_routers() { return kRouters; }

}  // namespace switchyard
