// The log gives back what it was given, in memory or through its file.
#include "sim/record/run_log.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

namespace {

using namespace switchyard;

constexpr Bytes kNoMemory(1.0);
constexpr std::uint64_t kRows = 40'000;  // several chunks and a part of one

RequestRow request(std::uint64_t i) {
  RequestRow row;
  row.id = i * 7;
  row.arrival = Seconds(0.5 * static_cast<double>(i));
  row.prompt_tokens = static_cast<std::int64_t>(i % 1000);
  row.output_tokens = static_cast<std::int64_t>(i % 100);
  row.generated_tokens = static_cast<std::int64_t>(i % 50);
  if (i % 2 == 0) row.first_token = row.arrival + Seconds(1.0);
  if (i % 3 == 0) row.finish = row.arrival + Seconds(2.0);
  row.replica = static_cast<std::uint32_t>(i % 4);
  row.data_parallel_rank = static_cast<std::uint32_t>(i % 8);
  row.preemptions = static_cast<std::uint32_t>(i % 5);
  row.outcome = static_cast<Outcome>(i % 3);
  row.warmup = i % 11 == 0;
  return row;
}

StepRow step(std::uint64_t i) {
  const auto n = static_cast<std::uint32_t>(i);
  return {Seconds(static_cast<double>(i)),
          Seconds(static_cast<double>(i) + 0.25),
          n % 3,
          n + 1,
          n + 2,
          n + 3,
          n + 4,
          n + 5,
          i << 33};
}

bool operator==(const RequestRow& a, const RequestRow& b) {
  return a.id == b.id && a.arrival == b.arrival && a.prompt_tokens == b.prompt_tokens &&
         a.output_tokens == b.output_tokens && a.generated_tokens == b.generated_tokens &&
         a.first_token == b.first_token && a.finish == b.finish && a.replica == b.replica &&
         a.data_parallel_rank == b.data_parallel_rank && a.preemptions == b.preemptions &&
         a.outcome == b.outcome && a.warmup == b.warmup;
}

bool operator==(const StepRow& a, const StepRow& b) {
  return a.start == b.start && a.end == b.end && a.replica == b.replica && a.count == b.count &&
         a.prefill_tokens == b.prefill_tokens && a.decode_sequences == b.decode_sequences &&
         a.running == b.running && a.waiting == b.waiting && a.kv_blocks_used == b.kv_blocks_used;
}

void check_reads_equal_writes(Bytes memory_limit) {
  RunLog log(memory_limit);
  for (std::uint64_t i = 0; i < kRows; ++i) {
    log.append(request(i));
    log.append(step(i));
    log.append(IntervalRow{Seconds(static_cast<double>(i)), static_cast<std::uint32_t>(i % 9 + 1)});
  }
  CHECK(log.requests() == kRows);
  for (int pass = 0; pass < 2; ++pass) {  // a log can be read again
    std::uint64_t i = 0, wrong = 0;
    log.for_each_request([&](const RequestRow& row) { wrong += row == request(i++) ? 0 : 1; });
    CHECK(i == kRows);
    i = 0;
    log.for_each_step([&](const StepRow& row) { wrong += row == step(i++) ? 0 : 1; });
    CHECK(i == kRows);
    i = 0;
    log.for_each_interval([&](const IntervalRow& row) {
      wrong += row.interval == Seconds(static_cast<double>(i)) && row.weight == i % 9 + 1 ? 0 : 1;
      ++i;
    });
    CHECK(i == kRows);
    CHECK(wrong == 0);
  }
}

std::vector<IntervalRow> intervals_of(const RunLog& log) {
  std::vector<IntervalRow> rows;
  log.for_each_interval([&](const IntervalRow& row) { rows.push_back(row); });
  return rows;
}

}  // namespace

TEST_CASE("A log in memory reads as it was written") { check_reads_equal_writes(Bytes(1e9)); }

TEST_CASE("A log that spilled to its file reads as it was written") { check_reads_equal_writes(kNoMemory); }

TEST_CASE("A log that spilled half-way reads as it was written") { check_reads_equal_writes(Bytes(2e6)); }

TEST_CASE("An empty log has nothing to read") {
  const RunLog log;
  log.for_each_request([](const RequestRow&) { FAIL("a request"); });
  log.for_each_step([](const StepRow&) { FAIL("a step"); });
  log.for_each_interval([](const IntervalRow&) { FAIL("an interval"); });
  CHECK(log.requests() == 0);
  CHECK(log.breakdown().total() == Seconds());
}

TEST_CASE("Neighbouring intervals of the same length are merged") {
  RunLog log;
  for (const double interval : {1.0, 1.0, 2.0, 1.0}) log.append(IntervalRow{Seconds(interval), 3});
  const std::vector<IntervalRow> rows = intervals_of(log);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].weight == 6);
  CHECK(rows[1].weight == 3);
  CHECK(rows[2].weight == 3);
}

TEST_CASE("A merged weight never overflows") {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  RunLog log;
  log.append(IntervalRow{Seconds(1.0), kMost - 1});
  log.append(IntervalRow{Seconds(1.0), 1});
  log.append(IntervalRow{Seconds(1.0), 1});
  const std::vector<IntervalRow> rows = intervals_of(log);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].weight == kMost);
  CHECK(rows[1].weight == 1);
}

TEST_CASE("A log keeps its rows when it is moved") {
  RunLog log(kNoMemory);
  for (std::uint64_t i = 0; i < 20'000; ++i) log.append(step(i));
  RunLog moved = std::move(log);
  moved.append(step(20'000));
  std::uint64_t i = 0, wrong = 0;
  moved.for_each_step([&](const StepRow& row) { wrong += row == step(i++) ? 0 : 1; });
  CHECK(i == 20'001);
  CHECK(wrong == 0);
}

TEST_CASE("Breakdowns add up") {
  RunLog log;
  Breakdown breakdown;
  breakdown[Part::expert] = Seconds(1.0);
  breakdown[Part::host] = Seconds(0.5);
  log.spend(0, breakdown);
  log.spend(2, breakdown);
  CHECK(log.breakdown()[Part::expert] == Seconds(2.0));
  CHECK(log.breakdown().total() == Seconds(3.0));
}
