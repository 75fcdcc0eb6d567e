// SGLang: while prompts wait, steps hold prompts alone, as many as fit max_num_batched_tokens (its
// chunked_prefill_size), the last one cut and gone on with first in the next; else one decode step for all.
// A prompt is admitted when the blocks for the whole of it are free.
#include <algorithm>

#include "sim/serving/schedulers/block_budget.hpp"

namespace switchyard {
namespace {

/// What running prompts lack, within the budget. Returns what is left of it.
std::int64_t go_on_with_prompts(const QueueSnapshot& rank, BlockBudget& budget, std::int64_t tokens_left,
                                Decision& decision) {
  for (std::size_t i = 0; i < budget.running() && tokens_left > 0; ++i) {
    const Sequence& sequence = rank.sequences[rank.running[i]];
    if (sequence.decodes()) continue;
    const std::int64_t tokens = std::min(sequence.missing(), tokens_left);
    if (!budget.reserve_running(i, tokens)) break;
    decision.scheduled.push_back({rank.running[i], tokens});
    tokens_left -= tokens;
  }
  return tokens_left;
}

}  // namespace

void plan_prefill_batches(const QueueSnapshot& rank, Decision& decision) {
  BlockBudget budget(rank, decision);
  const std::int64_t most = rank.limits.max_num_batched_tokens * rank.limits.micro_batches;
  const std::int64_t tokens_left = go_on_with_prompts(rank, budget, most, decision);
  admit_cut_prompts(rank, budget, tokens_left, decision);
  if (decision.scheduled.empty()) schedule_decodes(rank, budget, rank.limits.max_num_seqs, decision);
}

}  // namespace switchyard
