// Schedulers decide what one rank computes in its next step. They are pure: a snapshot in, a decision out.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "sim/plan/memory_fit.hpp"
#include "sim/serving/kv_pool.hpp"
#include "sim/serving/sequence.hpp"

namespace switchyard {

/// Read-only view of one rank. `running` is in order of admission, `waiting` in order of arrival (preempted
/// ones first).
struct QueueSnapshot {
  const std::vector<Sequence>& sequences;  // indexed by the entries below
  std::span<const std::uint32_t> running;
  const std::deque<std::uint32_t>& waiting;
  const KvPool& pool;
  const EngineLimits& limits;
};

struct ScheduledTokens {
  std::uint32_t sequence = 0;
  std::int64_t tokens = 0;
};

/// Applied in this order: preemptions (blocks freed, back to the head of `waiting`, recomputed later), then
/// admissions from the head of `waiting`, then the tokens. When it is applied, an admitted sequence takes the
/// blocks of its whole prompt, the others those of their tokens.
struct Decision {
  std::vector<std::uint32_t> preempted;    // from `running`, last admitted first
  std::size_t admitted = 0;                // how many leave the head of `waiting` for the tail of `running`
  std::vector<ScheduledTokens> scheduled;  // each sequence once; empty: nothing to do

  void clear() { preempted.clear(), admitted = 0, scheduled.clear(); }
};

struct Scheduler {
  std::string_view name;
  std::string_view description;
  enum class Prompts { whole, cut } prompts;      // may a prompt be cut between micro-batches
  void (*plan)(const QueueSnapshot&, Decision&);  // fills an empty decision
};

/// The menu.
std::span<const Scheduler> schedulers();

}  // namespace switchyard
