// The alternative that the kernels are measured against.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/obvious_gate.hpp"

namespace switchyard {
namespace {

void choose(std::span<const float> scores, std::span<std::uint16_t> chosen) {
  std::vector<std::uint16_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::uint16_t{0});
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(chosen.size()), order.end(),
                    [&](std::uint16_t a, std::uint16_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
  std::copy_n(order.begin(), chosen.size(), chosen.begin());
}

void weigh(std::span<const float> scores, const GateOutput& token, double scale) {
  float sum = 0.0f;
  for (const std::uint16_t expert : token.experts) sum += scores[expert];
  for (std::size_t i = 0; i < token.experts.size(); ++i)
    token.weights[i] = scores[token.experts[i]] / sum * static_cast<float>(scale);
}

void softmax_topk_renorm(const GateShape& shape, std::span<float> scores, const GateOutput& token) {
  const float highest = *std::max_element(scores.begin(), scores.end());
  for (float& score : scores) score = std::exp(score - highest);
  choose(scores, token.experts);
  weigh(scores, token, shape.routed_scaling_factor);
}

void noaux_tc(const GateShape& shape, std::span<const float> bias, std::span<float> scores,
              const GateOutput& token) {
  for (float& score : scores) score = 1.0f / (1.0f + std::exp(-score));
  std::vector<float> choice(scores.begin(), scores.end());
  for (std::size_t e = 0; e < choice.size(); ++e) choice[e] += bias[e];
  const auto groups = static_cast<std::size_t>(shape.n_group);
  const std::size_t size = choice.size() / groups;
  std::vector<float> group_scores(groups);
  for (std::size_t g = 0; g < groups; ++g) {
    std::vector<float> best(choice.begin() + static_cast<std::ptrdiff_t>(g * size),
                            choice.begin() + static_cast<std::ptrdiff_t>((g + 1) * size));
    std::partial_sort(best.begin(), best.begin() + 2, best.end(), std::greater<>());
    group_scores[g] = best[0] + best[1];
  }
  std::vector<std::uint16_t> kept(static_cast<std::size_t>(shape.topk_group));
  choose(group_scores, kept);
  for (std::size_t g = 0; g < groups; ++g) {
    if (std::find(kept.begin(), kept.end(), g) != kept.end()) continue;
    std::fill_n(choice.begin() + static_cast<std::ptrdiff_t>(g * size), size,
                -std::numeric_limits<float>::infinity());
  }
  choose(choice, token.experts);
  weigh(scores, token, shape.routed_scaling_factor);
}

}  // namespace

ObviousGate::ObviousGate(ScoreFormat format, const GateInput& input)
    : input_(input),
      product_(format, input.tokens, input.shape.num_experts, input.shape.hidden_size, input.weights),
      scores_(static_cast<std::size_t>(input.tokens * input.shape.num_experts)) {}

void ObviousGate::route(Rule rule, const GateOutput& output) {
  product_(input_.hidden, scores_);
  const auto experts = static_cast<std::size_t>(input_.shape.num_experts);
  const auto k = static_cast<std::size_t>(input_.shape.num_experts_per_tok);
  for (std::size_t t = 0; t < static_cast<std::size_t>(input_.tokens); ++t) {
    const std::span<float> scores = std::span(scores_).subspan(t * experts, experts);
    const GateOutput token{output.experts.subspan(t * k, k), output.weights.subspan(t * k, k)};
    if (rule == Rule::noaux_tc) noaux_tc(input_.shape, input_.selection_bias, scores, token);
    else softmax_topk_renorm(input_.shape, scores, token);
  }
}

}  // namespace switchyard
