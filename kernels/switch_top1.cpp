// switch_top1: Switch Transformers (arXiv:2101.03961, section 2.1 and equation 3). p = softmax(logits); a
// token goes to its best expert, weighted by p. An expert takes ceil(capacity_factor x tokens / experts) of
// the batch, in the order of the tokens; those beyond are dropped (the layer passes them on unchanged).
// Without a capacity_factor none is. The jitter that training puts on the gate's input is left out.
#include "kernels/batch_routing.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {

void switch_top1(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  require_top_k(input, kTop1);
  route_tokens(arithmetic, input, output, softmax_topk);
  if (!input.capacity_factor) return;
  ExpertRoom room(input.shape.num_experts, expert_capacity(input, 1));
  for (std::size_t t = 0; t < output.experts.size(); ++t)
    if (!room.take(output.experts[t])) leave_empty(row_of(output, t, 1), 0);
}

}  // namespace switchyard
