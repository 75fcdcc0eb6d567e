// One attention data-parallel rank: its waiting and running sequences and its KV pool. It asks the scheduler,
// carries out the decision, and commits what a step computed.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "sim/plan/batch.hpp"
#include "sim/record/run_log.hpp"
#include "sim/serving/scheduler.hpp"

namespace switchyard {

class RankQueue {
 public:
  /// References must outlive the queue.
  RankQueue(const Scheduler& scheduler, const EngineLimits& limits, std::int64_t kv_blocks);

  void submit(const Sequence& sequence);

  /// Asks the scheduler and carries out preemptions and admissions, taking the blocks of the step. False:
  /// nothing to do.
  bool plan();

  /// The planned batch, padded to a captured size when it only decodes.
  void fill(RankBatch& batch, const std::vector<std::int64_t>& capture_sizes) const;
  /// How many steps the planned batch can repeat before it changes: 1 unless it only decodes.
  std::int64_t repeats() const;

  /// Commits `ends.size()` steps of the planned batch, which began at `start` and ended at `ends`.
  void commit(Seconds start, std::span<const Seconds> ends, RunLog& log);
  /// Takes what is done out of the queue, giving its blocks back, and calls `finished` for each.
  void release_finished(const std::function<void(const Sequence&)>& finished);

  /// Every sequence still here, for the account of an interrupted run.
  void for_each_unfinished(const std::function<void(const Sequence&)>& visit) const;

  std::int64_t running() const { return static_cast<std::int64_t>(running_.size()); }
  std::int64_t waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  const KvPool& pool() const { return pool_; }
  bool idle() const { return running_.empty() && waiting_.empty(); }

 private:
  void preempt(std::uint32_t id);
  void admit();
  /// Enough to hold `tokens` in all.
  void take_blocks(Sequence& sequence, std::int64_t tokens);
  bool only_decodes() const;
  bool blocks_suffice(std::int64_t steps) const;
  void commit_decodes(Seconds start, std::span<const Seconds> ends, RunLog& log);
  void commit_tokens(Seconds end, RunLog& log);
  void check_blocks() const;

  const Scheduler& scheduler_;
  const EngineLimits& limits_;
  KvPool pool_;
  std::vector<Sequence> sequences_;  // slots, reused
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint32_t> running_;  // in order of admission
  std::deque<std::uint32_t> waiting_;
  Decision decision_;
};

}  // namespace switchyard
