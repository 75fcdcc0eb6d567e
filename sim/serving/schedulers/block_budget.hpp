// What schedulers share: counting the blocks that a plan in the making would take, and preempting when they
// run out.
#pragma once

#include "sim/serving/scheduler.hpp"

namespace switchyard {

class BlockBudget {
 public:
  BlockBudget(const QueueSnapshot& rank, Decision& decision)
      : rank_(rank), decision_(decision), free_(rank.pool.free()), running_(rank.running.size()) {}

  /// Reserves the blocks of a waiting sequence's whole prompt; false when they are not free.
  bool reserve_prompt(const Sequence& sequence) { return reserve(sequence, sequence.missing()); }

  /// Reserves blocks for the running sequence at `place`, preempting from the tail of `running` until they
  /// are free (vLLM's recompute preemption). False when it had to preempt itself.
  bool reserve_running(std::size_t place, std::int64_t tokens);

  /// Running sequences that are still to be considered: those before the first preempted one.
  std::size_t running() const { return running_; }
  bool preempted() const { return !decision_.preempted.empty(); }

 private:
  bool reserve(const Sequence& sequence, std::int64_t tokens) {
    const std::int64_t lacking = rank_.pool.lacking(sequence.blocks, sequence.computed + tokens);
    if (lacking > free_) return false;
    free_ -= lacking;
    return true;
  }

  const QueueSnapshot& rank_;
  Decision& decision_;
  std::int64_t free_;
  std::size_t running_;
};

/// One decode step for every running sequence that has its prompt behind it, in order. Returns the tokens
/// scheduled.
std::int64_t schedule_decodes(const QueueSnapshot& rank, BlockBudget& budget, std::int64_t token_budget,
                              Decision& decision);

/// Admits waiting prompts in order while slots, `tokens_left` and the blocks of the whole prompt last, the
/// last one cut to the tokens; none in a step that preempted.
void admit_cut_prompts(const QueueSnapshot& rank, BlockBudget& budget, std::int64_t tokens_left,
                       Decision& decision);

}  // namespace switchyard
