// Laws of cost: better hardware is never slower, more work never faster, one expert is a dense layer, and
// links that are shared only cost time.
#include <catch2/catch.hpp>

#include "sim/summarise.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

std::vector<Json> deployments() {
  std::vector<Json> result;
  const auto add = [&](const Json& model, std::int64_t tensor, std::int64_t data) {
    result.push_back({{"model", model},
                      {"cluster", {{"gpu", round_gpu()}, {"gpus_per_node", 4}, {"nodes", 2}}},
                      {"deployment",
                       {{"tensor_parallel_size", tensor},
                        {"data_parallel_size", data},
                        {"enable_expert_parallel", data > 1}}},
                      {"workload", small_dense().at("workload")}});
  };
  add(small_dense_model(), 1, 1);
  add(small_dense_model(), 8, 1);
  add(small_moe_model(8, 2), 2, 1);
  add(small_moe_model(8, 2), 1, 8);
  add(small_moe_model(8, 2), 2, 4);
  result.push_back(with(result.back(), "/deployment/all2all_backend", "pairwise"));
  result.push_back(with(result.front(), "/deployment/pipeline_parallel_size", 2));
  return result;
}

const std::vector<StepQuery> kQueries = {{1, 0, 100}, {64, 0, 500}, {0, 2048, 0}, {0, 512, 4000}};

Seconds time_of(const Json& json, const StepQuery& query) {
  return time_step(System(read(json), Scope::serving), query).breakdown.total();
}

Json one_expert_model() { return small_moe_model(1, 1); }

}  // namespace

TEST_CASE("The same step on better hardware is never slower", "[laws]") {
  const std::vector<std::pair<std::string, Json>> better = {
      {"/cluster/gpu/memory_bandwidth", "4 TB/s"},
      {"/cluster/gpu/peak/bf16", "1500 TFLOPS"},
      {"/cluster/gpu/nvlink", "800 GB/s"},
      {"/cluster/gpu/profile/kernel_overhead", "1 us"},
      {"/cluster/gpu/profile/gemm/compute", 0.9},
      {"/cluster/gpu/profile/grouped_gemm/memory", 0.8},
      {"/cluster/gpu/profile/decode_attention/memory", 0.9},
      {"/cluster/gpu/profile/prefill_attention/compute", 0.6},
      {"/cluster/gpu/profile/elementwise/memory", 0.9},
      {"/cluster/fabric", {{"nic", "800 Gbps"}}}};
  std::vector<std::size_t> faster(better.size());
  for (const Json& json : deployments()) {
    const System base(read(json), Scope::serving);
    for (std::size_t i = 0; i < better.size(); ++i) {
      const System changed(read(with(json, better[i].first, better[i].second)), Scope::serving);
      for (const StepQuery& query : kQueries) {
        const Seconds before = time_step(base, query).breakdown.total();
        const Seconds after = time_step(changed, query).breakdown.total();
        INFO(better[i].first << " " << json.at("deployment").dump() << " decode " << query.decode
                             << " prefill " << query.prefill);
        CHECK(after <= before);
        faster[i] += after < before;
      }
    }
  }
  for (std::size_t i = 0; i < better.size(); ++i) {
    INFO(better[i].first);
    CHECK(faster[i] > 0);
  }
}

TEST_CASE("More tokens, more sequences or longer contexts are never faster", "[laws]") {
  for (Json json : deployments()) {
    INFO(json.at("deployment").dump());
    json["routing"] = {{"mode", "balanced"}};  // draws of routing differ between batches
    const System system(read(json), Scope::serving);
    const auto rises = [&](auto query_of) {
      Seconds last;
      for (std::int64_t size : {1, 2, 3, 8, 63, 64, 65, 127, 128, 129, 500, 2000, 5000}) {
        const Seconds time = time_step(system, query_of(size)).breakdown.total();
        INFO(size);
        CHECK(time >= last);
        last = time;
      }
    };
    rises([](std::int64_t n) { return StepQuery{n, 0, 100}; });
    rises([](std::int64_t n) { return StepQuery{16, 0, n}; });
    rises([](std::int64_t n) { return StepQuery{0, n, 0}; });
    rises([](std::int64_t n) { return StepQuery{0, 64, n}; });
  }
}

TEST_CASE("One expert with top-1 is the dense model: the same files but for the name", "[laws]") {
  Json dense = small_dense(), single = small_scenario(one_expert_model());
  for (Json* json : {&dense, &single}) {
    (*json)["deployment"] = {{"data_parallel_size", 2}, {"tensor_parallel_size", 2}};
    (*json)["engine"] = {{"num_gpu_blocks_override", 60}};
  }
  const auto summary_text = [](const Json& json) {
    const System system(read(json), Scope::serving);
    const Simulation simulation = simulate(system);
    Json summary = summary_json(summarise(system, simulation, compute_metrics(simulation.result.log, {}, 4)));
    summary.erase("wall_s");
    summary.erase("bank_s");
    return summary.dump();
  };
  const Run a = run(dense), b = run(single);
  CHECK(a.requests_csv == b.requests_csv);
  CHECK(a.steps_csv == b.steps_csv);
  CHECK(summary_text(dense) == summary_text(single));
  CHECK(time_of(dense, {8, 0, 300}) == time_of(single, {8, 0, 300}));
}

TEST_CASE("Both fidelities agree to the bit when replicas share no link", "[laws]") {
  for (Json json : {small_dense(), small_moe()}) {
    json["deployment"]["replicas"] = 2;
    REQUIRE(!System(read(json), Scope::serving).replicas_share_links());
    const Run step = run(with(json, "/network/fidelity", "step"));
    const Run analytic = run(with(json, "/network/fidelity", "analytic"));
    CHECK(step.requests_csv == analytic.requests_csv);
    CHECK(step.steps_csv == analytic.steps_csv);
    CHECK(run(json).requests_csv == step.requests_csv);
  }
}

TEST_CASE("Replicas that share a link are never faster than alone, and slower when both talk", "[laws]") {
  for (const char* backend : {"allgather_reducescatter", "pairwise"}) {
    Json json = small_scenario(small_moe_model(12, 2));
    // 12 ranks over nodes of 8 with one NIC each: the middle node belongs to both replicas.
    json["cluster"]["nodes"] = 3;
    json["cluster"]["fabric"] = {{"nics_per_node", 1}, {"nic", "1 GB/s"}};
    json["deployment"] = {{"replicas", 2},
                          {"data_parallel_size", 12},
                          {"enable_expert_parallel", true},
                          {"all2all_backend", backend}};
    json["engine"] = {{"dispatcher", "round_robin"}};
    json["workload"]["arrivals"] = {{"process", "all_at_once"}};  // the same batches at both fidelities
    REQUIRE(System(read(json), Scope::serving).replicas_share_links());
    const Run step = run(with(json, "/network/fidelity", "step"));
    const Run analytic = run(with(json, "/network/fidelity", "analytic"));
    REQUIRE(step.requests.size() == analytic.requests.size());
    std::size_t slower = 0;
    for (std::size_t i = 0; i < step.requests.size(); ++i) {
      CHECK(*step.requests[i].first_token >= *analytic.requests[i].first_token);
      CHECK(*step.requests[i].finish >= *analytic.requests[i].finish);
      slower += *step.requests[i].finish > *analytic.requests[i].finish;
    }
    CHECK(slower > 0);
    CHECK(step.metrics.total_output_tokens == analytic.metrics.total_output_tokens);
  }
}
