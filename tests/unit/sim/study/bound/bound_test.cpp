// No run beats its bound, and the bound is not far from what runs reach.
#include "sim/study/bound/bound.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/random.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

template <std::size_t N>
Json one_of(Random& random, const std::array<Json, N>& choices) {
  return choices[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(N) - 1))];
}

Json small_hybrid_model() {
  return parse_json(R"({"model_type": "qwen3_next", "hidden_size": 1024, "intermediate_size": 2048,
      "num_hidden_layers": 4, "num_attention_heads": 16, "num_key_value_heads": 4, "head_dim": 64,
      "linear_num_key_heads": 8, "linear_num_value_heads": 16, "linear_key_head_dim": 64,
      "linear_value_head_dim": 64, "linear_conv_kernel_dim": 4, "full_attention_interval": 2,
      "num_experts": 16, "num_experts_per_tok": 4, "moe_intermediate_size": 512,
      "shared_expert_intermediate_size": 512, "norm_topk_prob": true, "decoder_sparse_step": 1,
      "vocab_size": 32000, "max_position_embeddings": 8192, "tie_word_embeddings": false,
      "torch_dtype": "bfloat16"})",
                    "small hybrid model");
}

Json random_arrivals(Random& random) {
  return one_of<5>(
      random, {Json{{"process", "poisson"}, {"rate", 50.0}}, Json{{"process", "poisson"}, {"rate", 2000.0}},
               Json{{"process", "all_at_once"}}, Json{{"process", "concurrency"}, {"value", 7}},
               Json{{"process", "concurrency"}, {"value", 64}}});
}

Json random_lengths(Random& random, std::int64_t most) {
  return one_of<3>(random,
                   {Json{{"distribution", "fixed"}, {"value", most / 3}},
                    Json{{"distribution", "uniform"}, {"min", 1}, {"max", most}},
                    Json{{"distribution", "lognormal"}, {"mean", most / 4}, {"cv", 1.2}, {"max", most}}});
}

/// A scenario of a few layers, all else drawn; some do not fit or do not divide.
Json random_scenario(std::uint64_t seed) {
  Random random(seed, "bound test");
  Json scenario =
      small_scenario(one_of<5>(random, {small_dense_model(), small_moe_model(8, 2), small_moe_model(64, 6),
                                        small_hybrid_model(), small_dense_model()}));
  scenario["seed"] = seed;
  scenario["cluster"] = {
      {"gpu", one_of<6>(random, {round_gpu(), "h100_sxm", "h200_sxm", "b200_sxm", "a100_sxm", "l40s"})},
      {"gpus_per_node", one_of<2>(random, {4, 8})},
      {"nodes", 2}};
  scenario["deployment"] = {
      {"replicas", one_of<2>(random, {1, 2})},
      {"tensor_parallel_size", one_of<3>(random, {1, 2, 4})},
      {"pipeline_parallel_size", one_of<3>(random, {1, 1, 2})},
      {"data_parallel_size", one_of<3>(random, {1, 2, 4})},
      {"enable_expert_parallel", one_of<2>(random, {false, true})},
      {"all2all_backend", one_of<3>(random, {"allgather_reducescatter", "deepep_low_latency", "pairwise"})},
      {"enable_dbo", one_of<3>(random, {false, false, true})}};
  if (scenario["deployment"]["enable_dbo"] == true) scenario["deployment"]["tensor_parallel_size"] = 1;
  scenario["engine"] = {
      {"profile", one_of<4>(random, {"vllm", "sglang", "trtllm", "reference"})},
      {"scheduler", one_of<4>(random, {"chunked_prefill", "prefill_first", "prefill_batches", "fcfs"})},
      {"max_num_seqs", one_of<3>(random, {4, 32, 256})},
      {"max_num_batched_tokens", one_of<3>(random, {128, 512, 8192})},
      {"num_gpu_blocks_override", one_of<3>(random, {nullptr, nullptr, 150})}};
  scenario["precision"] = {{"weights", one_of<3>(random, {"auto", "fp8", "int4"})}};
  scenario["routing"] = {{"mode", one_of<3>(random, {"bank", "uniform", "balanced"})}};
  scenario["workload"] = {{"arrivals", random_arrivals(random)},
                          {"num_requests", 60},
                          {"num_warmups", one_of<2>(random, {0, 5})},
                          {"prompt_tokens", random_lengths(random, 1500)},
                          {"output_tokens", random_lengths(random, 90)}};
  scenario["slo"] = {{"ttft_p99", "200 ms"}, {"tpot_p90", one_of<3>(random, {"4 ms", "8 ms", "30 ms"})}};
  return scenario;
}

/// None: the scenario is refused, or does not fit.
std::optional<Scenario> feasible(const Json& json) {
  try {
    Scenario scenario = read(json);
    const auto& [engine, limits] = std::pair(scenario.engine.profile, scenario.engine.limits);
    if (!find_fit(scenario.model, scenario.precision, scenario.deployment, scenario.cluster, engine, limits))
      return std::nullopt;
    return scenario;
  } catch (const InputError&) {
    return std::nullopt;
  }
}

void require_at_least(const Distribution& simulated, const Distribution& least) {
  REQUIRE(simulated.samples == least.samples);
  CHECK(simulated.mean >= least.mean);
  CHECK(simulated.median >= least.median);
  CHECK(simulated.p90 >= least.p90);
  CHECK(simulated.p99 >= least.p99);
}

void require_bounded(const Bound& bound, const Run& run, double rate) {
  REQUIRE(bound.least.completed == run.metrics.completed);
  REQUIRE(bound.least.rejected == run.metrics.rejected);
  for (const RequestRow& row : run.requests) {
    if (row.warmup || row.outcome != Outcome::completed) continue;
    CHECK(*row.ttft() >= bound.ttft);
    if (row.tpot()) CHECK(*row.tpot() >= bound.tpot);
  }
  require_at_least(run.metrics.ttft, bound.least.ttft);
  require_at_least(run.metrics.tpot, bound.least.tpot);
  require_at_least(run.metrics.e2el, bound.least.e2el);
  CHECK(run.metrics.itl.mean >= bound.least.itl.mean);
  CHECK(run.metrics.request_throughput <= bound.requests_per_s);
  const bool met = std::all_of(run.metrics.slo_met.begin(), run.metrics.slo_met.end(),
                               [](const auto& bound_and_verdict) { return bound_and_verdict.second; });
  if (!met) return;
  CHECK(run.metrics.request_throughput <= bound.requests_per_s_within_slo);
  if (rate > 0.0) CHECK(rate <= bound.offered_per_s_within_slo);
}

}  // namespace

TEST_CASE("No simulation beats the bound: random models, GPUs, layouts, engines, schedulers and traffic") {
  Bounds bounds;
  int simulated = 0;
  for (std::uint64_t seed = 1; seed <= 160; ++seed) {
    const Json json = random_scenario(seed);
    const std::optional<Scenario> scenario = feasible(json);
    if (!scenario) continue;
    INFO(json.dump());
    const Bound bound = bounds.of(
        *scenario, fit_memory(scenario->model, scenario->precision, scenario->deployment, scenario->cluster,
                              scenario->engine.profile, scenario->engine.limits));
    require_bounded(bound, run(json), scenario->workload->arrivals.rate);
    ++simulated;
  }
  REQUIRE(simulated >= 60);
}

namespace {

Json served_alone(const std::string& model, std::int64_t tensor) {
  return {{"model", model},
          {"cluster", "hgx-h100"},
          {"deployment", {{"tensor_parallel_size", tensor}}},
          {"workload",
           {{"arrivals", {{"process", "poisson"}, {"rate", 0.05}}},
            {"num_requests", 5},
            {"prompt_tokens", {{"distribution", "uniform"}, {"min", 200}, {"max", 2000}}},
            {"output_tokens", {{"distribution", "fixed"}, {"value", 40}}}}}};
}

Json all_at_once(std::int64_t requests) {
  Json scenario = small_dense();
  scenario["workload"]["arrivals"] = {{"process", "all_at_once"}};
  scenario["workload"]["num_requests"] = requests;
  scenario["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 60}};
  return scenario;
}

Slo slo_of(const std::string& figure, const std::string& statistic, Seconds limit) {
  return {{{figure, statistic, limit}}};
}

}  // namespace

TEST_CASE("Requests that come alone take little more than the bound") {
  struct Row {
    std::string model;
    std::int64_t tensor;
    double ttft, tpot;  // shares that the bound reaches
  };
  // Of experts only those of one token are sure, however many tokens a prompt has.
  for (const Row& row : {Row{"llama-3.1-8b", 1, 0.85, 0.95}, Row{"llama-3.1-70b", 4, 0.85, 0.95},
                         Row{"mixtral-8x7b", 4, 0.7, 0.8}, Row{"qwen3-30b-a3b", 2, 0.7, 0.85}}) {
    const Json json = served_alone(row.model, row.tensor);
    const Bound bound = bound_of(read(json));
    const Run simulated = run(json);
    INFO(row.model << ": " << bound.least.ttft.mean / simulated.metrics.ttft.mean << ", "
                   << bound.least.tpot.mean / simulated.metrics.tpot.mean);
    CHECK(bound.least.ttft.mean >= simulated.metrics.ttft.mean * row.ttft);
    CHECK(bound.least.tpot.mean >= simulated.metrics.tpot.mean * row.tpot);
  }
}

TEST_CASE("A deployment under full load comes near the most requests a second") {
  const Json dense = all_at_once(3000);
  CHECK(run(dense).metrics.request_throughput >= 0.7 * bound_of(read(dense)).requests_per_s);
  Json moe = with(dense, "/model", small_moe_model(8, 2));
  CHECK(run(moe).metrics.request_throughput >= 0.5 * bound_of(read(moe)).requests_per_s);
}

TEST_CASE("Replicas multiply what a deployment serves at most") {
  const Json one = all_at_once(3000);
  const double rate = bound_of(read(one)).requests_per_s;
  CHECK(bound_of(read(with(one, "/deployment/replicas", 4))).requests_per_s == Approx(4.0 * rate));
}

TEST_CASE("A limit below the bound cannot be met, and one that a run meets can") {
  const Json json = served_alone("llama-3.1-8b", 1);
  const Bound bound = bound_of(read(json));
  const Metrics metrics = run(json).metrics;
  CHECK_FALSE(can_meet(bound, slo_of("ttft", "p99", bound.least.ttft.p99 * 0.999)));
  CHECK(can_meet(bound, slo_of("ttft", "p99", metrics.ttft.p99)));
  CHECK_FALSE(can_meet(bound, slo_of("tpot", "mean", bound.least.tpot.mean * 0.999)));
  CHECK(can_meet(bound, slo_of("tpot", "mean", metrics.tpot.mean)));
  CHECK_FALSE(can_meet(bound, slo_of("e2el", "median", bound.least.e2el.median * 0.999)));
  CHECK(can_meet(bound, slo_of("itl", "p90", metrics.itl.p90)));
}

TEST_CASE("Where sequences may be preempted the bound still counts what a long context takes to read") {
  const auto tpot_of = [](std::int64_t prompt, const Json& blocks) {
    Json json = served_alone("gpt-oss-120b", 1);
    json["workload"]["prompt_tokens"] = {{"distribution", "fixed"}, {"value", prompt}};
    json["engine"] = {{"max_model_len", 31000}, {"num_gpu_blocks_override", blocks}};
    return bound_of(read(json)).tpot;
  };
  const Json few = 2000, enough = nullptr;  // blocks of 16 tokens
  CHECK(tpot_of(30000, few) > tpot_of(100, few) * 1.05);
  CHECK(tpot_of(30000, few) > tpot_of(30000, enough) * 0.9);
  CHECK(tpot_of(30000, few) <= tpot_of(30000, enough));
}

TEST_CASE("A deployment that serves none of the requests meets nothing") {
  Json json = small_dense();
  json["engine"] = {{"max_model_len", 10}};
  json["slo"] = {{"tpot_p99", "1 s"}};
  const Bound bound = bound_of(read(json));
  CHECK(bound.least.rejected == 80);
  CHECK(bound.requests_per_s == 0.0);
  CHECK_FALSE(can_meet(bound, read(json).slo));
}

TEST_CASE("A tight limit on tpot bounds the batch, and so the rate") {
  Json json = all_at_once(3000);
  const Bound free = bound_of(read(json));
  json["slo"] = {{"tpot_p99", std::to_string(free.tpot.value() * 1.02 * 1e3) + " ms"}};
  const Bound tight = bound_of(read(json));
  CHECK(tight.requests_per_s == free.requests_per_s);
  CHECK(tight.requests_per_s_within_slo < 0.5 * free.requests_per_s);
  json["slo"] = {{"tpot_p99", std::to_string(free.tpot.value() * 0.98 * 1e3) + " ms"}};
  CHECK(bound_of(read(json)).requests_per_s_within_slo == 0.0);
}

TEST_CASE("More arrivals a second than the bound says miss the SLO, and half as many are met") {
  Json json = all_at_once(3000);
  json["workload"]["arrivals"] = {{"process", "poisson"}, {"rate", 1.0}};
  json["slo"] = {{"ttft_p99", "60 ms"}, {"tpot_p99", "6 ms"}};
  const Bound bound = bound_of(read(json));
  CHECK(bound.offered_per_s_within_slo >= bound.requests_per_s_within_slo);
  const auto met_at = [&](double rate) {
    for (const auto& [limit, met] : run(with(json, "/workload/arrivals/rate", rate)).metrics.slo_met)
      if (!met) return false;
    return true;
  };
  CHECK_FALSE(met_at(bound.offered_per_s_within_slo * 1.01));
  CHECK(met_at(bound.offered_per_s_within_slo * 0.5));
  json["slo"].erase("tpot_p99");
  CHECK(std::isinf(bound_of(read(json)).offered_per_s_within_slo));
}

namespace {

/// Layouts of up to 4 GPUs, under few engine limits.
std::vector<Json> layouts(const Json& model) {
  std::vector<Json> all;
  for (const std::int64_t tensor : {1, 2, 4})
    for (const std::int64_t data : {1, 2})
      for (const std::int64_t sequences : {8, 256}) {
        Json scenario = small_scenario(model);
        scenario["deployment"] = {{"tensor_parallel_size", tensor},
                                  {"data_parallel_size", data},
                                  {"enable_expert_parallel", data > 1}};
        scenario["engine"] = {{"max_num_seqs", sequences}, {"max_num_batched_tokens", 1024}};
        scenario["workload"]["num_requests"] = 300;
        scenario["slo"] = {{"ttft_p90", "40 ms"}, {"tpot_p90", "4.3 ms"}};
        all.push_back(scenario);
      }
  return all;
}

bool meets(const Json& scenario, double rate) {
  const Run simulated = run(with(scenario, "/workload/arrivals/rate", rate));
  return std::all_of(simulated.metrics.slo_met.begin(), simulated.metrics.slo_met.end(),
                     [](const auto& limit_and_met) { return limit_and_met.second; });
}

}  // namespace

TEST_CASE("What a full search finds to meet the SLO, at whatever rate, the bound does not discard") {
  int discarded = 0, served = 0;
  for (const Json& model : {small_dense_model(), small_moe_model(8, 2)})
    for (const Json& scenario : layouts(model)) {
      const Bound bound = bound_of(read(scenario));
      INFO(scenario.dump());
      for (double rate = 25.0; rate < 30'000.0; rate *= 2.0) {
        const bool met = meets(scenario, rate);
        served += met ? 1 : 0;
        discarded += rate > bound.offered_per_s_within_slo ? 1 : 0;
        if (met) CHECK(rate <= bound.offered_per_s_within_slo);
        if (met) CHECK(can_meet(bound, read(scenario).slo));
      }
    }
  CHECK(served >= 40);  // neither meets nothing, nor is nothing discarded
  CHECK(discarded >= 40);
}

TEST_CASE("A run that meets the SLO only because it is short is not discarded") {
  constexpr double kBurst = 1e6;
  Json json = with(all_at_once(300), "/workload/arrivals", {{"process", "poisson"}, {"rate", kBurst}});
  const Metrics metrics = run(json).metrics;
  const auto a_hair_above = [](Seconds time) { return std::to_string(time.value() * 1.001e3) + " ms"; };
  json["slo"] = {{"ttft_p99", a_hair_above(metrics.ttft.p99)}, {"tpot_p99", a_hair_above(metrics.tpot.p99)}};
  CHECK(bound_of(read(json)).offered_per_s_within_slo >= kBurst);
  json["slo"] = {{"e2el_p99", a_hair_above(metrics.e2el.p99)}};
  CHECK(bound_of(read(json)).offered_per_s_within_slo >= kBurst);
  json["workload"]["num_requests"] = 3000;  // longer, it would have to serve them
  CHECK(bound_of(read(json)).offered_per_s_within_slo < kBurst);
}
