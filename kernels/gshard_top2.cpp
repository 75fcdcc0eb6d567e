// gshard_top2: GShard (arXiv:2006.16668, algorithm 1). The two largest of p = softmax(logits) are chosen with
// weights g1 and g2 = p / their sum. In training the second is sent only if 2 g2 > a uniform draw of [0, 1);
// at inference always (Lingvo's Top2GatingOnLogits, second_expert_policy "all"). An expert takes
// ceil(2 capacity_factor x tokens / experts) of the batch: first all first choices in the order of the
// tokens, then the second ones. What is dropped leaves the other weight as it is. A second choice that the
// draw does not send takes no room, as in Lingvo's code.
#include <algorithm>

#include "kernels/batch_routing.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

/// Seconds that the draw does not send leave their places.
void sample_second(const GateInput& input, const GateOutput& chosen) {
  for (std::size_t t = 0; t < chosen.experts.size() / 2; ++t) {
    if (2.0f * chosen.weights[2 * t + 1] > draws_of(input, t).uniform()) continue;
    leave_empty(row_of(chosen, t, 2), 1);
  }
}

void drop_beyond_capacity(const GateInput& input, const GateOutput& chosen) {
  ExpertRoom room(input.shape.num_experts, expert_capacity(input, 2));
  for (std::size_t place = 0; place < 2; ++place) {
    for (std::size_t t = 0; t < chosen.experts.size() / 2; ++t) {
      const std::uint16_t expert = chosen.experts[2 * t + place];
      if (expert != kNoExpert && !room.take(expert)) leave_empty(row_of(chosen, t, 2), place);
    }
  }
}

/// Empty places last.
void close_gaps(const GateOutput& chosen) {
  for (std::size_t i = 0; i < chosen.experts.size(); i += 2) {
    if (chosen.experts[i] != kNoExpert) continue;
    std::swap(chosen.experts[i], chosen.experts[i + 1]);
    if (!chosen.weights.empty()) std::swap(chosen.weights[i], chosen.weights[i + 1]);
  }
}

}  // namespace

void gshard_top2(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  require_top_k(input, kTop2);
  check_gate(input, output, 2);
  const bool samples = input.phase == GatePhase::training;
  std::vector<float> own(samples && output.weights.empty() ? output.experts.size() : 0);
  const GateOutput chosen{output.experts, own.empty() ? output.weights : std::span(own)};
  GateInput unscaled = input;
  unscaled.shape.routed_scaling_factor = 1.0;  // the draw is against g2 itself
  route_tokens(arithmetic, unscaled, chosen, softmax_topk_renorm);
  if (samples) sample_second(input, chosen);
  if (input.capacity_factor) drop_beyond_capacity(input, chosen);
  close_gaps(chosen);
  const auto scale = static_cast<float>(input.shape.routed_scaling_factor);
  for (float& weight : output.weights) weight *= scale;
}

}  // namespace switchyard
