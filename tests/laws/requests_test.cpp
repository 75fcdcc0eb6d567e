// Laws of every run: no request is lost, time goes forward, KV blocks are bounded, seeds decide everything.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

/// Arrivals of every process that is no trace.
std::vector<Json> all_arrivals() {
  std::vector<Json> result;
  for (const WorkloadRow& row : arrival_processes()) {
    Json arrivals = {{"process", row.name}};
    if (row.name == "concurrency") arrivals["value"] = 12;
    else if (row.name != "all_at_once") arrivals["rate"] = 2000;
    if (row.name == "gamma") arrivals["cv"] = 3;
    result.push_back(arrivals);
  }
  return result;
}

/// A pool of 20 blocks, so that sequences are preempted, and a max_model_len that some requests exceed.
Json cramped(Json scenario) {
  scenario = with(scenario, "/engine/num_gpu_blocks_override", 20);
  return with(scenario, "/engine/max_model_len", 230);
}

void check_account(const Run& run, std::uint64_t wanted) {
  CHECK(run.submitted == wanted);
  CHECK(run.metrics.completed + run.metrics.rejected + run.metrics.unfinished == wanted);
  std::set<std::uint64_t> ids;
  for (const RequestRow& row : run.requests) ids.insert(row.id);
  CHECK(ids.size() == wanted);
  for (const RequestRow& row : run.requests) {
    if (row.outcome == Outcome::completed) CHECK(row.generated_tokens == row.output_tokens);
    if (row.outcome == Outcome::rejected) CHECK(row.generated_tokens == 0);
  }
}

void check_clock(const Run& run) {
  std::map<std::uint32_t, Seconds> last;
  for (const StepRow& row : run.steps) {
    CHECK(row.start >= last[row.replica]);
    CHECK(row.end > row.start);
    last[row.replica] = row.end;
  }
  for (const RequestRow& row : run.requests) {
    if (row.outcome != Outcome::completed) continue;
    REQUIRE(row.first_token);
    REQUIRE(row.finish);
    CHECK(row.arrival < *row.first_token);
    CHECK(*row.first_token <= *row.finish);
    CHECK((*row.finish == *row.first_token) == (row.output_tokens == 1));
  }
}

void check_pool(const Run& run) {
  const auto total = static_cast<std::uint64_t>(run.kv_blocks * run.data_parallel_size);
  std::uint64_t most = 0;
  for (const StepRow& row : run.steps) most = std::max(most, row.kv_blocks_used);
  CHECK(most <= total);
  CHECK(most > total / 4);                     // the pool of the scenario is cramped
  CHECK(run.steps.back().kv_blocks_used > 0);  // what ends last still holds its blocks
}

}  // namespace

TEST_CASE("Requests, clock and KV blocks keep their laws for every scheduler and arrival process", "[laws]") {
  for (const Json& scenario : {small_dense(), small_moe()})
    for (const Scheduler& scheduler : schedulers())
      for (const Json& arrivals : all_arrivals()) {
        INFO(scheduler.name << " " << arrivals.dump());
        Json json = with(cramped(scenario), "/engine/scheduler", std::string(scheduler.name));
        json["workload"]["arrivals"] = arrivals;
        const Run result = run(json);
        check_account(result, 80);
        check_clock(result);
        check_pool(result);
        CHECK(result.metrics.rejected > 0);
        CHECK(result.metrics.completed > 40);
      }
}

TEST_CASE("Sequences are preempted when the KV pool runs out, and complete all the same", "[laws]") {
  for (const Scheduler& scheduler : schedulers()) {
    INFO(scheduler.name);
    Json json = with(cramped(small_dense()), "/engine/scheduler", std::string(scheduler.name));
    json["workload"]["arrivals"] = {{"process", "all_at_once"}};
    const Run result = run(json);
    CHECK(result.metrics.preemptions > 0);
    CHECK(result.metrics.completed + result.metrics.rejected == 80);
  }
}

TEST_CASE("Warm-up requests are served first and left out of the figures", "[laws]") {
  for (const char* process : {"poisson", "concurrency"}) {
    Json json = with(small_dense(), "/workload/num_warmups", 20);
    json["workload"]["arrivals"] = {{"process", process}, {"rate", 400}};
    if (process == std::string("concurrency"))
      json["workload"]["arrivals"] = {{"process", process}, {"value", 8}};
    const Run result = run(json);
    CHECK(result.submitted == 100);
    CHECK(result.metrics.completed == 80);
    Seconds warm, first(1e9);
    for (const RequestRow& row : result.requests) {
      if (row.warmup) warm = std::max(warm, *row.finish);
      else first = std::min(first, row.arrival);
    }
    CHECK(first >= warm);
  }
}

TEST_CASE("A run interrupted at any moment accounts for what it leaves unfinished", "[laws]") {
  for (Json arrivals : {Json{{"process", "poisson"}, {"rate", 400}}, Json{{"process", "all_at_once"}},
                        Json{{"process", "concurrency"}, {"value", 12}}})
    for (std::uint64_t enough : {0, 1, 10, 25, 60}) {
      INFO(arrivals.dump() << " after " << enough);
      Json json = with(with(small_moe(), "/deployment/replicas", 2), "/workload/num_warmups", 20);
      json["workload"]["arrivals"] = arrivals;
      const System system(read(json), Scope::serving);
      std::stop_source source;
      const Simulation simulation =
          simulate(system, source.get_token(), [&](const ServingProgress& progress) {
            if (progress.finished >= enough) source.request_stop();
          });
      CHECK(simulation.result.interrupted);
      std::uint64_t completed = 0, unfinished = 0;
      simulation.result.log.for_each_request([&](const RequestRow& row) {
        (row.outcome == Outcome::completed ? completed : unfinished) += 1;
        CHECK((row.outcome == Outcome::completed) == row.finish.has_value());
      });
      CHECK(completed >= enough);
      CHECK(unfinished > 0);
      CHECK(completed + unfinished == simulation.result.submitted);
      CHECK(simulation.result.submitted <= 100);
    }
}

TEST_CASE("The same scenario and seed give the same bytes, another seed others", "[laws]") {
  for (const Json& scenario : {cramped(small_dense()), cramped(small_moe())}) {
    const Run first = run(scenario), second = run(scenario);
    CHECK(first.requests_csv == second.requests_csv);
    CHECK(first.steps_csv == second.steps_csv);
    CHECK(first.summary == second.summary);
    CHECK(run(with(scenario, "/seed", 2)).requests_csv != first.requests_csv);
  }
}
