// Whole prompts in arrival order, never cut, sharing steps with decodes within max_num_batched_tokens; a
// prompt longer than that runs alone.
#include "sim/serving/schedulers/block_budget.hpp"

namespace switchyard {

void plan_fcfs(const QueueSnapshot& rank, Decision& decision) {
  BlockBudget budget(rank, decision);
  std::int64_t slots = rank.limits.max_num_seqs - static_cast<std::int64_t>(rank.running.size());
  if (slots > 0 && !rank.waiting.empty()) {
    const std::uint32_t next = rank.waiting.front();
    const std::int64_t tokens = rank.sequences[next].missing();
    if (tokens > rank.limits.max_num_batched_tokens && budget.reserve_prompt(rank.sequences[next])) {
      decision.admitted = 1;
      decision.scheduled.push_back({next, tokens});
      return;
    }
  }
  std::int64_t tokens_left = rank.limits.max_num_batched_tokens * rank.limits.micro_batches;
  tokens_left -= schedule_decodes(rank, budget, tokens_left, decision);
  if (budget.preempted()) return;
  for (std::uint32_t id : rank.waiting) {
    const std::int64_t tokens = rank.sequences[id].missing();
    if (slots == 0 || tokens > tokens_left || !budget.reserve_prompt(rank.sequences[id])) break;
    decision.scheduled.push_back({id, tokens});
    ++decision.admitted;
    tokens_left -= tokens;
    --slots;
  }
}

}  // namespace switchyard
