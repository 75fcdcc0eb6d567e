// Preemption from the tail: the last admitted sequence loses its blocks first.
#include "sim/serving/schedulers/block_budget.hpp"

#include <algorithm>

namespace switchyard {

bool BlockBudget::reserve_running(std::size_t place, std::int64_t tokens) {
  const Sequence& sequence = rank_.sequences[rank_.running[place]];
  while (!reserve(sequence, tokens)) {
    --running_;
    const std::uint32_t victim = rank_.running[running_];
    free_ += rank_.sequences[victim].blocks;
    decision_.preempted.push_back(victim);
    if (running_ == place) return false;
  }
  return true;
}

std::int64_t schedule_decodes(const QueueSnapshot& rank, BlockBudget& budget, std::int64_t token_budget,
                              Decision& decision) {
  std::int64_t scheduled = 0;
  for (std::size_t i = 0; i < budget.running() && scheduled < token_budget; ++i) {
    const std::uint32_t sequence = rank.running[i];
    if (!budget.reserve_running(i, 1)) break;
    decision.scheduled.push_back({sequence, 1});
    ++scheduled;
  }
  return scheduled;
}

void admit_cut_prompts(const QueueSnapshot& rank, BlockBudget& budget, std::int64_t tokens_left,
                       Decision& decision) {
  if (budget.preempted()) return;
  std::int64_t slots = rank.limits.max_num_seqs - static_cast<std::int64_t>(rank.running.size());
  for (std::uint32_t id : rank.waiting) {
    if (slots == 0 || tokens_left == 0) break;
    const std::int64_t tokens = std::min(rank.sequences[id].missing(), tokens_left);
    if (!budget.reserve_prompt(rank.sequences[id])) break;
    decision.scheduled.push_back({id, tokens});
    ++decision.admitted;
    tokens_left -= tokens;
    --slots;
  }
}

}  // namespace switchyard
