// Law: what the engine does before a request is seen delays its first token by just that.
#include <catch2/catch.hpp>

#include "sim/simulate.hpp"
#include "tests/support/small_scenarios.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace switchyard;

namespace {

Json engine(const Json& more) {
  Json profile = parse_json(R"({"name": "test", "description": "for a test", "source": "round numbers",
      "host_time_per_step": "1 ms", "host_time_per_sequence": "0 us", "decode_reduction": {"kernels": 1},
      "moe_routing_time": "1 us", "expert_tile": 16, "kv_cache": "bf16", "runtime_reserve": "1 GiB",
      "scheduler": "chunked_prefill", "max_num_seqs": 64, "max_num_batched_tokens": 4096,
      "cudagraph_capture_sizes": {"then": [{"step": 1, "max": 64}]}})",
                            "engine");
  profile.update(more);
  return profile;
}

Run run_on(const Json& scenario, const Json& more, const SimulateOptions& options = {}) {
  const TemporaryFolder folder;
  folder.write("engine.json", engine(more).dump());
  return run(with(scenario, "/engine/profile", (folder.path() / "engine.json").string()), options);
}

/// Far apart: each request finds the engine idle.
Json apart() {
  Json json = small_dense();
  json["workload"]["arrivals"] = {{"process", "uniform"}, {"rate", 0.05}};
  return json;
}

}  // namespace

TEST_CASE("An idle engine's first token comes later by the request's time, and nothing else changes",
          "[laws]") {
  const Run plain = run_on(apart(), Json::object());
  const Run delayed = run_on(apart(), {{"request_time", "7 ms"}});
  REQUIRE(plain.requests.size() == delayed.requests.size());
  for (std::size_t i = 0; i < plain.requests.size(); ++i) {
    CHECK((*delayed.requests[i].first_token - *plain.requests[i].first_token).value() ==
          Approx(7e-3).margin(1e-9));
    CHECK((*delayed.requests[i].finish - *delayed.requests[i].first_token).value() ==
          Approx((*plain.requests[i].finish - *plain.requests[i].first_token).value()).margin(1e-9));
  }
}

TEST_CASE("An engine that schedules ahead is as fast when idle, and admits later when busy", "[laws]") {
  const Run idle = run_on(apart(), Json::object()), idle_ahead = run_on(apart(), {{"schedules_ahead", true}});
  CHECK(idle.requests_csv == idle_ahead.requests_csv);
  const Run busy = run_on(small_dense(), Json::object());
  const Run busy_ahead = run_on(small_dense(), {{"schedules_ahead", true}});
  CHECK(busy_ahead.metrics.ttft.mean > busy.metrics.ttft.mean);
}

TEST_CASE("Steps advanced together are those advanced one by one, whatever the engine's front end does",
          "[laws]") {
  const Json more = GENERATE(Json{{"request_time", "3 ms"}}, Json{{"schedules_ahead", true}},
                             Json{{"request_time", "3 ms"}, {"schedules_ahead", true}});
  for (const double rate : {5.0, 60.0, 400.0}) {
    INFO(more.dump() << ", " << rate << " /s");
    const Json json = with(small_dense(), "/workload/arrivals/rate", rate);
    const Run together = run_on(json, more), one_by_one = run_on(json, more, {false});
    CHECK(together.requests_csv == one_by_one.requests_csv);
    CHECK(together.steps.size() < one_by_one.steps.size());
  }
}
