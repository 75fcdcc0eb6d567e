// vLLM v1: running sequences first, each as many tokens as it lacks within max_num_batched_tokens, then
// waiting ones, whose prompts are cut to what is left of the budget, but admitted only when their blocks are
// free for the whole (vLLM's scheduler_reserve_full_isl). Nobody is admitted in a step that preempted.
#include <algorithm>

#include "sim/serving/schedulers/block_budget.hpp"

namespace switchyard {

void plan_chunked_prefill(const QueueSnapshot& rank, Decision& decision) {
  BlockBudget budget(rank, decision);
  std::int64_t tokens_left = rank.limits.max_num_batched_tokens * rank.limits.micro_batches;
  for (std::size_t i = 0; i < budget.running() && tokens_left > 0; ++i) {
    const std::uint32_t id = rank.running[i];
    const std::int64_t tokens = std::min(rank.sequences[id].missing(), tokens_left);
    if (!budget.reserve_running(i, tokens)) break;
    decision.scheduled.push_back({id, tokens});
    tokens_left -= tokens;
  }
  admit_cut_prompts(rank, budget, tokens_left, decision);
}

}  // namespace switchyard
