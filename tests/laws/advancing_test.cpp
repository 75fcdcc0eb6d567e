// Law: advancing decode steps together gives what one by one gives, to the bit.
#include <catch2/catch.hpp>

#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

bool same(const RequestRow& a, const RequestRow& b) {
  return a.id == b.id && a.arrival == b.arrival && a.first_token == b.first_token && a.finish == b.finish &&
         a.generated_tokens == b.generated_tokens && a.replica == b.replica &&
         a.data_parallel_rank == b.data_parallel_rank && a.preemptions == b.preemptions &&
         a.outcome == b.outcome;
}

/// Every figure but the number of simulation events, which advancing together is there to save.
std::string without_events(Json summary) {
  summary.erase("events");
  return summary.dump(2);
}

/// Runs both ways and compares; returns the run that advanced steps together.
Run check_equal(const Json& json) {
  const Run together = run(json), one_by_one = run(json, {false});
  REQUIRE(together.requests.size() == one_by_one.requests.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < together.requests.size(); ++i)
    different += !same(together.requests[i], one_by_one.requests[i]);
  CHECK(different == 0);
  CHECK(together.requests_csv == one_by_one.requests_csv);
  CHECK(one_by_one.steps.size() == one_by_one.metrics.steps);
  CHECK(together.steps.size() < one_by_one.steps.size());
  CHECK(without_events(together.summary) == without_events(one_by_one.summary));
  return together;
}

Json at_rate(double rate, Json json) { return with(json, "/workload/arrivals/rate", rate); }

Json closed_loop(std::int64_t concurrency, Json json) {
  json["workload"]["arrivals"] = {{"process", "concurrency"}, {"value", concurrency}};
  return json;
}

Json fixed_lengths(Json json) {
  json["workload"]["prompt_tokens"] = {{"distribution", "fixed"}, {"value", 64}};
  json["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 24}};
  return json;
}

}  // namespace

TEST_CASE("Steps advanced together are those advanced one by one: a dense model", "[laws]") {
  for (double rate : {5.0, 60.0, 1000.0})
    for (const Scheduler& scheduler : schedulers()) {
      INFO(rate << " /s, " << scheduler.name);
      check_equal(with(at_rate(rate, small_dense()), "/engine/scheduler", std::string(scheduler.name)));
    }
}

TEST_CASE("Steps advanced together are those advanced one by one: experts over data-parallel ranks",
          "[laws]") {
  for (double rate : {20.0, 400.0})
    for (const char* backend : {"allgather_reducescatter", "pairwise"}) {
      INFO(rate << " /s, " << backend);
      check_equal(with(at_rate(rate, small_moe()), "/deployment/all2all_backend", backend));
    }
}

TEST_CASE("Steps advanced together are those advanced one by one: several replicas", "[laws]") {
  for (const Dispatcher& dispatcher : dispatchers())
    for (const Json& json : {small_dense(), small_moe()}) {
      INFO(dispatcher.name);
      const Json two =
          with(with(json, "/deployment/replicas", 2), "/engine/dispatcher", std::string(dispatcher.name));
      check_equal(two);
      check_equal(closed_loop(10, two));
    }
}

TEST_CASE("Steps advanced together are those advanced one by one: replicas that finish at the same moment",
          "[laws]") {
  for (const Dispatcher& dispatcher : dispatchers())
    for (std::int64_t concurrency : {1, 4, 5, 16}) {
      INFO(dispatcher.name << ", " << concurrency << " in flight");
      const Json two = with(with(small_dense(), "/deployment/replicas", 3), "/engine/dispatcher",
                            std::string(dispatcher.name));
      check_equal(closed_loop(concurrency, fixed_lengths(two)));
    }
}

TEST_CASE("Steps advanced together are those advanced one by one: the KV pool runs out", "[laws]") {
  for (const Json& json : {small_dense(), small_moe()})
    for (const Scheduler& scheduler : schedulers()) {
      INFO(scheduler.name);
      Json tight = with(json, "/engine/num_gpu_blocks_override", 24);
      tight = with(at_rate(3000, tight), "/engine/scheduler", std::string(scheduler.name));
      CHECK(check_equal(tight).metrics.preemptions > 0);
    }
}

TEST_CASE("Steps advanced together are those advanced one by one: pipeline stages", "[laws]") {
  check_equal(with(small_dense(), "/deployment/pipeline_parallel_size", 2));
}

TEST_CASE("Advancing steps together saves simulation events", "[laws]") {
  const Json quiet = at_rate(2, small_dense());
  CHECK(2 * run(quiet).events < run(quiet, {false}).events);
}
