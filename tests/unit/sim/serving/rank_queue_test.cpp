// One rank's queue: what its steps compute, how long they repeat, and the blocks they take.
#include <catch2/catch.hpp>

#include "sim/base/menu.hpp"
#include "sim/serving/rank_queue.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

Sequence sequence_of(std::uint64_t id, std::int64_t prompt, std::int64_t output) {
  Sequence sequence;
  sequence.request = {id, std::nullopt, prompt, output};
  return sequence;
}

struct Fixture {
  EngineLimits limits;
  RunLog log;
  std::vector<std::uint64_t> finished;

  RankQueue queue(std::int64_t blocks) {
    return RankQueue(choose(schedulers(), "chunked_prefill", "test"), limits, blocks);
  }
  void commit(RankQueue& rank, Seconds start, const std::vector<Seconds>& ends) {
    rank.commit(start, ends, log);
    rank.release_finished([&](const Sequence& s) { finished.push_back(s.request.id); });
  }
  std::vector<std::pair<double, std::uint32_t>> intervals() const {
    std::vector<std::pair<double, std::uint32_t>> rows;
    log.for_each_interval(
        [&](const IntervalRow& row) { rows.emplace_back(row.interval.value(), row.weight); });
    return rows;
  }
};

}  // namespace

TEST_CASE("A prompt's last chunk samples the first token; blocks grow with the cache", "[serving]") {
  Fixture fixture;
  fixture.limits.max_num_batched_tokens = 20;
  RankQueue rank = fixture.queue(10);
  rank.submit(sequence_of(7, 30, 2));
  RankBatch batch;

  REQUIRE(rank.plan());
  rank.fill(batch, {});
  REQUIRE(batch.prefills.size() == 1);
  CHECK(batch.prefills[0].tokens == 20);
  CHECK(batch.sampled == 0);
  CHECK(rank.repeats() == 1);
  CHECK(rank.pool().used() == 2);
  fixture.commit(rank, 0_s, {1_s});

  REQUIRE(rank.plan());
  rank.fill(batch, {});
  CHECK(batch.prefills[0].tokens == 10);
  CHECK(batch.prefills[0].context == 20);
  CHECK(batch.sampled == 1);
  fixture.commit(rank, 1_s, {2_s});

  REQUIRE(rank.plan());
  rank.fill(batch, {});
  CHECK(batch.prefills.empty());
  CHECK(batch.decode_contexts == std::vector<std::int64_t>{31});
  fixture.commit(rank, 2_s, {3_s});
  CHECK(fixture.finished == std::vector<std::uint64_t>{7});
  CHECK(rank.pool().used() == 0);
  CHECK(rank.idle());
  CHECK(fixture.intervals() == std::vector<std::pair<double, std::uint32_t>>{{1.0, 1}});
}

TEST_CASE("An admitted prompt holds the blocks of its whole length from its first chunk on", "[serving]") {
  Fixture fixture;
  fixture.limits.max_num_batched_tokens = 20;
  RankQueue rank = fixture.queue(10);
  rank.submit(sequence_of(0, 100, 2));
  REQUIRE(rank.plan());
  CHECK(rank.pool().used() == 7);
  fixture.commit(rank, 0_s, {1_s});
  REQUIRE(rank.plan());
  CHECK(rank.pool().used() == 7);
}

TEST_CASE("A decode batch repeats until the first sequence ends, or blocks run out", "[serving]") {
  Fixture fixture;
  RankQueue roomy = fixture.queue(100);
  roomy.submit(sequence_of(0, 16, 8));
  roomy.submit(sequence_of(1, 16, 40));
  REQUIRE(roomy.plan());
  CHECK(roomy.repeats() == 1);  // prompts
  fixture.commit(roomy, 0_s, {1_s});
  REQUIRE(roomy.plan());
  CHECK(roomy.repeats() == 7);  // one of 8 tokens is there

  RankQueue tight = fixture.queue(4);  // two blocks each once they decode: 16 tokens until both want a third
  tight.submit(sequence_of(0, 16, 40));
  tight.submit(sequence_of(1, 16, 40));
  REQUIRE(tight.plan());
  fixture.commit(tight, 0_s, {1_s});
  REQUIRE(tight.plan());
  CHECK(tight.repeats() == 16);
}

TEST_CASE("Steps committed together count as so many steps", "[serving]") {
  Fixture fixture;
  RankQueue rank = fixture.queue(100);
  rank.submit(sequence_of(0, 10, 5));
  rank.submit(sequence_of(1, 10, 9));
  REQUIRE(rank.plan());
  fixture.commit(rank, 0_s, {1_s});
  REQUIRE(rank.plan());
  fixture.commit(rank, 1_s, {2_s, 3_s, 5_s, 6_s});
  CHECK(fixture.finished == std::vector<std::uint64_t>{0});
  CHECK(rank.running() == 1);
  double total = 0.0;
  std::uint32_t weight = 0;
  for (const auto& [interval, count] : fixture.intervals()) total += interval * count, weight += count;
  CHECK(weight == 8);    // two sequences, four tokens each
  CHECK(total == 10.0);  // 5 s each
}

TEST_CASE("A batch that only decodes is padded to the next captured size", "[serving]") {
  Fixture fixture;
  RankQueue rank = fixture.queue(100);
  for (std::uint64_t id = 0; id < 3; ++id) rank.submit(sequence_of(id, 10, 9));
  RankBatch batch;
  REQUIRE(rank.plan());
  rank.fill(batch, {1, 2, 4, 8});
  CHECK(batch.padding == 0);  // prompts are not padded
  CHECK(batch.tokens() == 30);
  fixture.commit(rank, 0_s, {1_s});
  REQUIRE(rank.plan());
  rank.fill(batch, {1, 2, 4, 8});
  CHECK(batch.padding == 1);
  CHECK(batch.tokens() == 4);
  rank.fill(batch, {1, 2});
  CHECK(batch.tokens() == 3);  // above the largest size
}

TEST_CASE("Taking more blocks than there are breaks a law", "[serving]") {
  KvPool pool(4, 16);
  pool.take(3);
  CHECK(pool.free() == 1);
  CHECK_THROWS_AS(pool.take(2), LawBroken);
  KvPool empty(4, 16);
  CHECK_THROWS_AS(empty.give_back(1), LawBroken);
  CHECK(empty.blocks_for(0) == 0);
  CHECK(empty.blocks_for(16) == 1);
  CHECK(empty.blocks_for(17) == 2);
}
