// Preemption from the tail: the last admitted sequence loses its blocks first.
#include "sim/serving/schedulers/block_budget.hpp"

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

}  // namespace switchyard
