// Each scheduler's own rules on ranks made by hand. Blocks hold 16 tokens.
#include <catch2/catch.hpp>

#include "sim/base/menu.hpp"
#include "sim/serving/scheduler.hpp"

using namespace switchyard;

namespace {

struct Rank {
  EngineLimits limits;
  KvPool pool{1000, 16};
  std::vector<Sequence> sequences;
  std::vector<std::uint32_t> running;
  std::deque<std::uint32_t> waiting;

  /// `computed` of the prompt's tokens are in the cache; a whole prompt has one token sampled too.
  Rank& run(std::int64_t prompt, std::int64_t computed) {
    Sequence sequence = of(prompt);
    sequence.computed = computed;
    sequence.generated = computed >= prompt ? computed - prompt + 1 : 0;
    sequence.blocks = pool.blocks_for(computed);
    pool.take(sequence.blocks);
    running.push_back(static_cast<std::uint32_t>(sequences.size()));
    sequences.push_back(sequence);
    return *this;
  }
  Rank& wait(std::int64_t prompt) {
    waiting.push_back(static_cast<std::uint32_t>(sequences.size()));
    sequences.push_back(of(prompt));
    return *this;
  }

 private:
  static Sequence of(std::int64_t prompt) {
    Sequence sequence;
    sequence.request.prompt_tokens = prompt;
    sequence.request.output_tokens = 100;
    return sequence;
  }
};

using Tokens = std::vector<std::pair<std::uint32_t, std::int64_t>>;

struct Plan {
  std::vector<std::uint32_t> preempted;
  std::size_t admitted = 0;
  Tokens tokens;
};

Plan plan(std::string_view scheduler, const Rank& rank) {
  Decision decision;
  choose(schedulers(), scheduler, "test")
      .plan({rank.sequences, rank.running, rank.waiting, rank.pool, rank.limits}, decision);
  Plan result{decision.preempted, decision.admitted, {}};
  for (const ScheduledTokens& s : decision.scheduled) result.tokens.emplace_back(s.sequence, s.tokens);
  return result;
}

Rank with_budget(std::int64_t tokens) {
  Rank rank;
  rank.limits.max_num_batched_tokens = tokens;
  return rank;
}

}  // namespace

TEST_CASE("chunked_prefill decodes first and cuts the prompt to what is left of the budget", "[serving]") {
  const Plan step = plan("chunked_prefill", with_budget(100).run(50, 50).run(60, 65).wait(300).wait(20));
  CHECK(step.tokens == Tokens{{0, 1}, {1, 1}, {2, 98}});
  CHECK(step.admitted == 1);
}

TEST_CASE("chunked_prefill goes on with a prompt that was cut before it admits another", "[serving]") {
  const Plan step = plan("chunked_prefill", with_budget(100).run(130, 98).wait(200));
  CHECK(step.tokens == Tokens{{0, 32}, {1, 68}});
}

TEST_CASE("chunked_prefill admits up to max_num_seqs", "[serving]") {
  Rank rank = with_budget(1000).run(50, 50).wait(10).wait(10).wait(10);
  rank.limits.max_num_seqs = 3;
  const Plan step = plan("chunked_prefill", rank);
  CHECK(step.admitted == 2);
  CHECK(step.tokens == Tokens{{0, 1}, {1, 10}, {2, 10}});
}

TEST_CASE("No prompt is admitted before there are blocks for the whole of it", "[serving]") {
  for (const Scheduler& scheduler : schedulers()) {
    INFO(scheduler.name);
    Rank rank = with_budget(100);
    rank.pool = KvPool(20, 16);
    rank.run(50, 50).wait(270);  // 4 blocks of 20 are taken, 17 are wanted; the first 99 tokens need but 7
    CHECK(plan(scheduler.name, rank).admitted == 0);
    rank.pool = KvPool(21, 16);
    rank.pool.take(4);
    CHECK(plan(scheduler.name, rank).admitted == 1);
  }
}

TEST_CASE("A full pool preempts the last admitted sequence, and nobody is admitted in that step",
          "[serving]") {
  for (const char* scheduler : {"chunked_prefill", "fcfs"}) {
    INFO(scheduler);
    Rank rank;
    rank.pool = KvPool(4, 16);
    rank.run(16, 16).run(16, 20).run(10, 12).wait(5);  // 1 + 2 + 1 blocks; the first needs another
    const Plan step = plan(scheduler, rank);
    CHECK(step.preempted == std::vector<std::uint32_t>{2});
    CHECK(step.admitted == 0);
    CHECK(step.tokens == Tokens{{0, 1}, {1, 1}});
  }
}

TEST_CASE("A sequence that finds no blocks behind it is preempted itself", "[serving]") {
  Rank rank;
  rank.pool = KvPool(3, 16);
  rank.run(30, 31).run(16, 16);  // 2 + 1 blocks: the second wants one more and is the last
  const Plan step = plan("chunked_prefill", rank);
  CHECK(step.preempted == std::vector<std::uint32_t>{1});
  CHECK(step.tokens == Tokens{{0, 1}});
}

TEST_CASE("prefill_first runs one whole prompt a step, beyond any token budget", "[serving]") {
  const Plan step = plan("prefill_first", with_budget(100).run(50, 50).wait(300).wait(20));
  CHECK(step.tokens == Tokens{{1, 300}});
  CHECK(step.admitted == 1);
}

TEST_CASE("prefill_first decodes all when no slot or no blocks are free", "[serving]") {
  Rank no_slot = Rank().run(50, 50).run(60, 60).wait(30);
  no_slot.limits.max_num_seqs = 2;
  CHECK(plan("prefill_first", no_slot).tokens == Tokens{{0, 1}, {1, 1}});
  Rank no_blocks;
  no_blocks.pool = KvPool(5, 16);
  no_blocks.run(50, 50).wait(30);  // 4 of 5 blocks taken, 2 wanted
  CHECK(plan("prefill_first", no_blocks).tokens == Tokens{{0, 1}});
}

TEST_CASE("fcfs never cuts a prompt: those that fit whole share the step with decodes", "[serving]") {
  const Plan step = plan("fcfs", with_budget(100).run(50, 50).wait(60).wait(30).wait(10).wait(5));
  CHECK(step.tokens == Tokens{{0, 1}, {1, 60}, {2, 30}});  // 9 are left, the next wants 10
  CHECK(step.admitted == 2);
}

TEST_CASE("Micro-batches in flight multiply the budget of a step, not the length of a prompt that runs alone",
          "[serving]") {
  Rank rank = with_budget(100).run(50, 50).wait(300).wait(20);
  rank.limits.micro_batches = 4;
  CHECK(plan("chunked_prefill", rank).tokens == Tokens{{0, 1}, {1, 300}, {2, 20}});
  CHECK(plan("fcfs", rank).tokens == Tokens{{1, 300}});
}

TEST_CASE("fcfs runs a prompt longer than the budget alone, once it is at the head", "[serving]") {
  const Plan head = plan("fcfs", with_budget(100).run(50, 50).wait(300).wait(20));
  CHECK(head.tokens == Tokens{{1, 300}});
  CHECK(head.admitted == 1);
  const Plan behind = plan("fcfs", with_budget(100).run(50, 50).wait(20).wait(300));
  CHECK(behind.tokens == Tokens{{0, 1}, {1, 20}});
}

TEST_CASE("prefill_batches runs waiting prompts together and cuts the last, without decodes", "[serving]") {
  const Plan step = plan("prefill_batches", with_budget(100).run(50, 55).wait(70).wait(60).wait(10));
  CHECK(step.admitted == 2);
  CHECK(step.tokens == Tokens{{1, 70}, {2, 30}});
}

TEST_CASE("prefill_batches goes on with a cut prompt first, then admits others", "[serving]") {
  const Plan step = plan("prefill_batches", with_budget(100).run(50, 55).run(60, 30).wait(90));
  CHECK(step.admitted == 1);
  CHECK(step.tokens == Tokens{{1, 30}, {2, 70}});
}

TEST_CASE("prefill_batches decodes all when no prompt waits", "[serving]") {
  const Plan step = plan("prefill_batches", with_budget(100).run(50, 55).run(60, 65));
  CHECK(step.admitted == 0);
  CHECK(step.tokens == Tokens{{0, 1}, {1, 1}});
}
