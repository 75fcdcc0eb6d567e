// A waiting prompt is run whole, one prompt a step, whenever a slot and its blocks are free; else one decode
// step for all.
#include "sim/serving/schedulers/block_budget.hpp"

namespace switchyard {

void plan_prefill_first(const QueueSnapshot& rank, Decision& decision) {
  BlockBudget budget(rank, decision);
  const bool slot_free = static_cast<std::int64_t>(rank.running.size()) < rank.limits.max_num_seqs;
  if (slot_free && !rank.waiting.empty()) {
    const std::uint32_t next = rank.waiting.front();
    if (budget.reserve_prompt(rank.sequences[next])) {
      decision.admitted = 1;
      decision.scheduled.push_back({next, rank.sequences[next].missing()});
      return;
    }
  }
  schedule_decodes(rank, budget, rank.limits.max_num_seqs, decision);
}

}  // namespace switchyard
