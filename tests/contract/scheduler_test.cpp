// What every row of the menu of schedulers keeps to, on random ranks in the midst of their work.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "sim/base/random.hpp"
#include "sim/serving/scheduler.hpp"

using namespace switchyard;

namespace {

/// A rank in a state that a scheduler may meet: running sequences hold the blocks of their tokens, waiting
/// ones none.
struct Rank {
  EngineLimits limits;
  KvPool pool;
  std::vector<Sequence> sequences;
  std::vector<std::uint32_t> running;
  std::deque<std::uint32_t> waiting;

  QueueSnapshot snapshot() const { return {sequences, running, waiting, pool, limits}; }
};

Rank random_rank(std::uint64_t seed) {
  Random random(seed, "ranks");
  Rank rank{{}, KvPool(random.integer(20, 60), 16), {}, {}, {}};
  rank.limits.max_num_seqs = random.integer(1, 12);
  rank.limits.max_num_batched_tokens = random.integer(1, 300);
  rank.limits.max_model_len = 320;  // 20 blocks: each sequence alone fits
  const std::int64_t running = random.integer(0, rank.limits.max_num_seqs);
  for (std::int64_t i = 0; i < running; ++i) {
    Sequence sequence;
    sequence.request.prompt_tokens = random.integer(1, 150);
    sequence.request.output_tokens = 100;
    sequence.generated = random.integer(1, 90);
    sequence.computed = sequence.num_tokens() - 1;
    sequence.blocks = rank.pool.blocks_for(sequence.computed);
    if (sequence.blocks > rank.pool.free()) break;
    rank.pool.take(sequence.blocks);
    rank.running.push_back(static_cast<std::uint32_t>(rank.sequences.size()));
    rank.sequences.push_back(sequence);
  }
  const std::int64_t waiting = random.integer(0, 6);
  for (std::int64_t i = 0; i < waiting; ++i) {
    Sequence sequence;
    sequence.request.prompt_tokens = random.integer(1, 300);
    sequence.request.output_tokens = 20;
    rank.waiting.push_back(static_cast<std::uint32_t>(rank.sequences.size()));
    rank.sequences.push_back(sequence);
  }
  return rank;
}

Decision decide(const Scheduler& scheduler, const Rank& rank) {
  Decision decision;
  scheduler.plan(rank.snapshot(), decision);
  return decision;
}

std::vector<std::pair<std::uint32_t, std::int64_t>> scheduled_of(const Decision& decision) {
  std::vector<std::pair<std::uint32_t, std::int64_t>> result;
  for (const ScheduledTokens& s : decision.scheduled) result.emplace_back(s.sequence, s.tokens);
  return result;
}

template <class Check>
void for_random_ranks(Check check) {
  for (const Scheduler& scheduler : schedulers())
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
      const Rank rank = random_rank(seed);
      INFO(scheduler.name << ", rank " << seed);
      check(scheduler, rank, decide(scheduler, rank));
    }
}

}  // namespace

TEST_CASE("Every scheduler is pure: the same snapshot gives the same decision", "[contract]") {
  for_random_ranks([](const Scheduler& scheduler, const Rank& rank, const Decision& decision) {
    const Decision again = decide(scheduler, rank);
    REQUIRE(again.preempted == decision.preempted);
    REQUIRE(again.admitted == decision.admitted);
    REQUIRE(scheduled_of(again) == scheduled_of(decision));
  });
}

TEST_CASE("Every scheduler schedules each sequence once, and no more tokens than it lacks", "[contract]") {
  for_random_ranks([](const Scheduler&, const Rank& rank, const Decision& decision) {
    std::set<std::uint32_t> seen;
    for (const ScheduledTokens& s : decision.scheduled) {
      REQUIRE(seen.insert(s.sequence).second);
      REQUIRE(s.tokens >= 1);
      REQUIRE(s.tokens <= rank.sequences[s.sequence].missing());
    }
  });
}

TEST_CASE("Every scheduler schedules only sequences that run or are admitted from the head", "[contract]") {
  for_random_ranks([](const Scheduler&, const Rank& rank, const Decision& decision) {
    REQUIRE(decision.admitted <= rank.waiting.size());
    std::set<std::uint32_t> allowed(rank.running.begin(), rank.running.end());
    for (std::uint32_t id : decision.preempted) REQUIRE(allowed.erase(id) == 1);
    std::set<std::uint32_t> admitted(rank.waiting.begin(),
                                     rank.waiting.begin() + static_cast<std::ptrdiff_t>(decision.admitted));
    allowed.insert(admitted.begin(), admitted.end());
    REQUIRE(static_cast<std::int64_t>(allowed.size()) <= rank.limits.max_num_seqs);
    for (const ScheduledTokens& s : decision.scheduled) {
      REQUIRE(allowed.count(s.sequence) == 1);
      admitted.erase(s.sequence);
    }
    REQUIRE(admitted.empty());  // who is admitted has something to do
  });
}

TEST_CASE("Every scheduler preempts from the tail, and admits nobody then", "[contract]") {
  std::size_t preempting = 0;
  for_random_ranks([&](const Scheduler&, const Rank& rank, const Decision& decision) {
    const std::vector<std::uint32_t> tail(
        rank.running.rbegin(),
        rank.running.rbegin() + static_cast<std::ptrdiff_t>(decision.preempted.size()));
    REQUIRE(decision.preempted == tail);
    if (decision.preempted.empty()) return;
    REQUIRE(decision.admitted == 0);
    ++preempting;
  });
  CHECK(preempting > 20);
}

TEST_CASE("Every scheduler stays within the blocks that are free after its preemptions", "[contract]") {
  for_random_ranks([](const Scheduler&, const Rank& rank, const Decision& decision) {
    std::int64_t free = rank.pool.free();
    for (std::uint32_t id : decision.preempted) free += rank.sequences[id].blocks;
    for (const ScheduledTokens& s : decision.scheduled) {
      const Sequence& sequence = rank.sequences[s.sequence];
      free -= rank.pool.blocks_for(sequence.computed + s.tokens) - sequence.blocks;
    }
    REQUIRE(free >= 0);
  });
}

TEST_CASE("Every scheduler finds something to do when there is work", "[contract]") {
  for_random_ranks([](const Scheduler&, const Rank& rank, const Decision& decision) {
    const bool work = !rank.running.empty() || !rank.waiting.empty();
    REQUIRE(decision.scheduled.empty() == !work);
  });
}
