// Probes of small scenarios against the steps they are made of.
#include "sim/study/compare/probe.hpp"

#include <catch2/catch.hpp>

#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

Json probes_of(const Json& json, const MeanRequest& request = {100, 40}) {
  const System system(read(json), Scope::serving);
  return probe(system, request);
}

}  // namespace

TEST_CASE("A probed step is the step of `switchyard step` for so many sequences") {
  const Json probes = probes_of(small_dense());
  const System system(read(small_dense()), Scope::serving);
  REQUIRE(probes["decode"].size() == 4);
  for (const Json& step : probes["decode"]) {
    const StepAnswer answer = time_step(system, {step["users"].get<std::int64_t>(), 0, 120});
    CHECK(step["step_ms"].get<double>() == answer.breakdown.total().value() * 1e3);
  }
  CHECK(probes["prefill"]["ms"].get<double>() ==
        time_step(system, {0, 100, 0}).breakdown.total().value() * 1e3);
  CHECK((probes["links"].empty() && probes["decode"][0]["active_experts"].is_null()));
}

TEST_CASE("Sequences are spread over the data-parallel ranks, and ranks without one run a dummy batch") {
  const System system(read(small_moe()), Scope::serving);
  const double one = time_step(system, {1, 0, 120, 1}).breakdown.total().value();
  const double eight = time_step(system, {1, 0, 120, 8}).breakdown.total().value();
  CHECK(eight == time_step(system, {2, 0, 120}).breakdown.total().value());
  CHECK(one < eight);
  CHECK(time_step(system, {0, 64, 0, 1}).breakdown.total() < time_step(system, {0, 64, 0}).breakdown.total());
}

TEST_CASE("More users use more experts and give each more of what is read") {
  const Json decode = probes_of(small_moe())["decode"];
  for (std::size_t i = 1; i < decode.size(); ++i) {
    CHECK(decode[i]["active_experts"] >= decode[i - 1]["active_experts"]);
    CHECK(decode[i]["bytes_per_token"] < decode[i - 1]["bytes_per_token"]);
    CHECK(decode[i]["tokens_per_s"] > decode[i - 1]["tokens_per_s"]);
  }
  CHECK(decode.back()["active_experts"].get<double>() == Approx(8.0));
}

TEST_CASE("Users that max_num_seqs or the KV pool does not hold are not probed") {
  const Json limited = probes_of(with(small_dense(), "/engine", {{"max_num_seqs", 10}}));
  CHECK((limited["most_users"] == 10 && limited["decode"].size() == 2 && limited["reference_users"] == 10));
  const Json blocks = probes_of(with(small_dense(), "/engine", {{"num_gpu_blocks_override", 512}}));
  CHECK(blocks["most_users"] == 56);  // 9 blocks of 16 hold 140 tokens
}

TEST_CASE("Half and twice the GPUs are other layouts of one replica, or the reason why not") {
  const Json one = probes_of(small_dense())["scaling"];
  CHECK(one["half"].contains("reason"));
  CHECK((one["double"]["gpus"] == 2 && one["double"]["parallel"] == "tp 2"));
  const Json two =
      probes_of(with(small_dense(), "/deployment", {{"tensor_parallel_size", 2}, {"replicas", 2}}));
  CHECK((two["scaling"]["half"]["parallel"] == "tp 1" && two["scaling"]["half"]["gpus"] == 1));
  const Json ranks = probes_of(small_moe())["scaling"];
  CHECK((ranks["half"]["parallel"] == "dp 2, tp 1" && ranks["double"]["parallel"] == "dp 8, tp 1"));
}

TEST_CASE("Ranks that talk load their links; the busiest of each kind is named with its share") {
  const Json links = probes_of(with(small_dense(), "/deployment", {{"tensor_parallel_size", 4}}))["links"];
  REQUIRE(links.size() == 1);
  CHECK((links[0]["kind"] == "nvlink" && links[0]["share"] > 0.0 && links[0]["share"] < 1.0));
  CHECK(links[0]["bytes_per_s"].get<double>() ==
        Approx(links[0]["share"].get<double>() * links[0]["bandwidth"].get<double>()));
}

TEST_CASE("A step reads each weight in use once, without the embedding, and a window's keys alone") {
  const Scenario dense = read(small_dense());
  const double layers = 4.0 * (4.0 * 1024 * 1024 + 3.0 * 1024 * 3072 + 2.0 * 1024);
  CHECK(weights_read(dense, {}).value() == Approx(2.0 * (layers + 1024.0 + 32000.0 * 1024)));
  const Scenario moe = read(small_scenario(small_moe_model(8, 2)));
  const std::vector<double> two(4, 2.0), three(4, 3.0);
  CHECK((weights_read(moe, three) - weights_read(moe, two)).value() == Approx(2.0 * 4.0 * 3.0 * 1024 * 3072));
  CHECK(kv_cache_read(dense, 100).value() == 100.0 * 4.0 * 2.0 * 1024 * 2.0);
  Json model = small_dense_model();
  model["model_type"] = "mistral";
  model["sliding_window"] = 64;
  CHECK(kv_cache_read(read(small_scenario(model)), 100).value() == 64.0 * 4.0 * 2.0 * 1024 * 2.0);
}
