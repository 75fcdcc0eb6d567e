// The table of expert routers.
#include "kernels/expert_router.hpp"

#include "kernels/gate_arithmetic.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

constexpr ExpertRouter kRouters[] = {
    {"softmax_topk", "Softmax over all experts, then the k best, not renormalised (OLMoE, arXiv:2409.02060)",
     per_block<softmax_topk>},
    {"softmax_topk_renorm",
     "Softmax over all experts, the k best, weights renormalised (Mixtral, arXiv:2401.04088)",
     per_block<softmax_topk_renorm>},
    {"topk_softmax", "The k best logits, then softmax over those (gpt-oss, arXiv:2508.10925)",
     per_block<topk_softmax>},
    {"noaux_tc",
     "Sigmoid scores, a bias for selection only, best groups first (DeepSeek-V3, arXiv:2412.19437)",
     per_block<noaux_tc>},
    {"group_limited_greedy",
     "Softmax, the groups with the best expert, then the k best (DeepSeek-V2, arXiv:2405.04434)",
     per_block<group_limited_greedy>},
    {"topk_sigmoid", "The k best logits, weights their sigmoids (Llama 4, Hugging Face modeling_llama4.py)",
     per_block<topk_sigmoid>},
    {"sparsemixer",
     "One expert after the other, each weighted among the logits close to it (Phi-3.5-MoE, arXiv:2409.12136)",
     per_token<sparsemixer>},
    {"sqrt_softplus", "Square roots of softplus scores, a bias for selection only (DeepSeek-V4)",
     per_token<sqrt_softplus>},
    {"switch_top1", "The best expert by softmax, up to a capacity (Switch Transformers, arXiv:2101.03961)",
     switch_top1, kTop1},
    {"gshard_top2",
     "The two best, up to a capacity, in training the second at random (GShard, arXiv:2006.16668)",
     gshard_top2, kTop2},
    {"expert_choice", "Each expert takes its best tokens of the batch (expert choice, arXiv:2202.09368)",
     expert_choice, TopKRange{}, Places::every_expert, RoutesBy::batch},
    {"noisy_topk",
     "The k best logits, in training after Gaussian noise, softmax over those (arXiv:1701.06538)",
     noisy_topk},
    {"sinkhorn",
     "The k best, in training after balancing the batch (S-BASE, arXiv:2202.01169; Megatron-Core)", sinkhorn},
    {"base", "The best expert, in training by an even assignment (BASE layers, arXiv:2103.16716)",
     base_layers, kTop1},
    {"hash", "Experts by a fixed hash of the token's id, no scores (Hash layers, arXiv:2106.04426)",
     hash_by_token, TopKRange{}, Places::top_k, RoutesBy::token_id},
    {"soft", "Every expert, weighted by softmax: dense gating (Jacobs et al. 1991; arXiv:1701.06538)", soft,
     TopKRange{}, Places::every_expert},
    {"topk_plus_one_random",
     "The k best and one of the others at random (exploration as in arXiv:2110.04260)", topk_plus_one_random,
     TopKRange{}, Places::top_k_and_one},
};

}  // namespace

std::int64_t ExpertRouter::columns(const GateShape& shape) const {
  switch (places) {
    case Places::top_k:
      return shape.num_experts_per_tok;
    case Places::top_k_and_one:
      return shape.num_experts_per_tok + 1;
    case Places::every_expert:
      return shape.num_experts;
  }
  return 0;
}

void ExpertRouter::reference(const GateInput& input, const GateOutput& output) const {
  route_by(scalar_arithmetic(), input, output);
}

void ExpertRouter::route(const GateInput& input, const GateOutput& output) const {
  route_by(vector_arithmetic(), input, output);
}

std::span<const ExpertRouter> expert_routers() { return kRouters; }

}  // namespace switchyard
