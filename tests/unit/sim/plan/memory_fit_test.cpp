// Memory of the fullest rank against figures computed by hand.
#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "sim/plan/memory_fit.hpp"
#include "tests/unit/sim/base/message_of.hpp"
#include "workloads/catalogue.hpp"

using namespace switchyard;

namespace {

struct Case {
  Architecture model;
  Deployment deployment;
  ModelPrecision precision;
  EngineLimits limits;
  EngineProfile engine = read_engine_profile("vllm", "test");
  Cluster cluster = read_cluster(Json("hgx-h100"), ".", "test");

  explicit Case(const std::string& name) : model(read_model(Json(name), Json(), ".", "test")) {
    limits.max_model_len = 8192;
  }
  MemoryFit fit() const { return fit_memory(model, precision, deployment, cluster, engine, limits); }
};

constexpr double kGib = 1073741824.0;

}  // namespace

TEST_CASE("llama-3.1-70b on 8 GPUs: weights, KV bytes and pool as computed by hand", "[plan]") {
  Case c("llama-3.1-70b");
  c.deployment.tensor_parallel_size = 8;
  const MemoryFit fit = c.fit();
  // A layer: q and o 8192 x 8192, k and v 8192 x 1024, three matrices 8192 x 28672; two norms are not cut.
  const double layer = (2.0 * 8192 * 8192 + 2.0 * 8192 * 1024 + 3.0 * 8192 * 28672) / 8 + 2.0 * 8192;
  const double vocabulary = 2.0 * 128256 * 8192 / 8;
  CHECK(fit.vocabulary_weights.value() == Approx(2.0 * vocabulary));
  CHECK(fit.weights.value() == Approx(2.0 * (80 * layer + vocabulary)).epsilon(1e-5));
  CHECK(fit.weights.value() == Approx(70.55e9 * 2 / 8).epsilon(2e-3));  // the published total
  CHECK(fit.expert_weights.value() == 0.0);
  CHECK(fit.kv_bytes_per_token.value() == 80.0 * 2 * 1 * 128 * 2);  // one KV head a rank
  CHECK(fit.usable.value() == Approx(0.9 * 81559 * 1048576));
  const double pool = fit.usable.value() - fit.weights.value() - fit.activations.value() - 2.0 * kGib;
  CHECK(fit.kv_pool.value() == Approx(pool));
  CHECK(fit.num_gpu_blocks == static_cast<std::int64_t>(pool / (40960.0 * 16)));
  CHECK(fit.kv_tokens() == 16 * fit.num_gpu_blocks);
}

TEST_CASE("mixtral-8x7b on 8 data-parallel ranks with whole experts: one expert a layer and rank", "[plan]") {
  Case c("mixtral-8x7b");
  c.deployment.data_parallel_size = 8;
  c.deployment.enable_expert_parallel = true;
  const MemoryFit fit = c.fit();
  const double expert = 3.0 * 4096 * 14336;
  const double attention = 2.0 * 4096 * 4096 + 2.0 * 4096 * 1024;
  const double gate_and_norms = 8.0 * 4096 + 2.0 * 4096;
  CHECK(fit.expert_weights.value() == 2.0 * 32 * expert);
  CHECK(fit.vocabulary_weights.value() == 2.0 * 2 * 32000 * 4096);
  CHECK(fit.weights.value() ==
        Approx(2.0 * (32 * (expert + attention + gate_and_norms) + 2.0 * 32000 * 4096)).epsilon(1e-5));
  CHECK(fit.kv_bytes_per_token.value() == 32.0 * 2 * 8 * 128 * 2);  // attention is whole on every rank
}

TEST_CASE("A redundant expert costs its weights on every MoE layer, shared by the ranks", "[plan]") {
  Case c("mixtral-8x7b");
  c.deployment.data_parallel_size = 8;
  c.deployment.enable_expert_parallel = true;
  const MemoryFit plain = c.fit();
  c.deployment.enable_eplb = true;
  CHECK(c.fit().weights == plain.weights);
  c.deployment.num_redundant_experts = 8;  // one a rank
  const MemoryFit more = c.fit();
  const double expert = 3.0 * 4096 * 14336 * 2;  // bytes in bf16
  CHECK(more.expert_weights.value() == 2.0 * plain.expert_weights.value());
  CHECK((more.weights - plain.weights).value() == 32 * expert);
  CHECK((plain.kv_pool - more.kv_pool).value() == Approx(32 * expert));
}

TEST_CASE("Cut experts weigh as much a rank as whole ones, and fp8 half of bf16", "[plan]") {
  Case c("mixtral-8x7b");
  c.deployment.tensor_parallel_size = 8;
  const Bytes cut = c.fit().expert_weights;
  c.deployment.enable_expert_parallel = true;
  CHECK(c.fit().expert_weights == cut);
  c.precision.weights = PrecisionByRole::all(Precision::fp8);
  CHECK(c.fit().expert_weights.value() == Approx(cut.value() / 2));
}

TEST_CASE("Pipeline stages hold their own layers; the table is of the fullest", "[plan]") {
  Case whole("llama-3.1-8b"), halves("llama-3.1-8b");
  halves.deployment.pipeline_parallel_size = 2;
  CHECK(halves.fit().weights.value() == Approx(whole.fit().weights.value() / 2).epsilon(1e-3));
  CHECK(halves.fit().kv_bytes_per_token.value() == whole.fit().kv_bytes_per_token.value() / 2);
}

TEST_CASE("What does not fit says so with the table and a change that would fit", "[plan]") {
  Case c("llama-3.1-70b");
  const std::string message = message_of<Infeasible>([&] { c.fit(); });
  CHECK_THAT(message, Catch::Contains("does not fit") && Catch::Contains("GPU memory") &&
                          Catch::Contains("weights") && Catch::Contains("KV pool"));
  const std::string advice = "it would fit with /deployment/tensor_parallel_size ";
  const std::size_t place = message.find(advice);
  REQUIRE(place != std::string::npos);
  c.deployment.tensor_parallel_size = std::stoll(message.substr(place + advice.size()));
  CHECK(c.fit().num_gpu_blocks > 0);
  c.deployment.tensor_parallel_size /= 2;
  CHECK_THROWS_AS(c.fit(), Infeasible);
}

TEST_CASE("The change that would fit names the larger cluster as a scenario would", "[plan]") {
  for (const auto& [cluster, words] :
       {std::pair{Json("hgx-h100"), "/cluster hgx-h100x4\n"},
        {Json("hgx-h100x1"), "/cluster hgx-h100x4\n"},
        {Json{{"gpu", "h100_sxm"}, {"gpus_per_node", 8}}, "/cluster/nodes 4\n"}}) {
    Case c("deepseek-v3");
    c.cluster = read_cluster(cluster, ".", "test");
    c.deployment.tensor_parallel_size = 8;
    CHECK_THAT(message_of<Infeasible>([&] { c.fit(); }) + "\n",
               Catch::Contains("tensor_parallel_size 32 and ") && Catch::EndsWith(words));
  }
}

TEST_CASE("With enable_dbo, which no tensor ranks go with, more pipeline stages are advised", "[plan]") {
  Case c("deepseek-v3");
  c.cluster = read_cluster(Json("hgx-h100x4"), ".", "test");
  c.deployment.data_parallel_size = 8;
  c.deployment.enable_expert_parallel = true;
  CHECK_THAT(message_of<Infeasible>([&] { c.fit(); }), Catch::Contains("/deployment/tensor_parallel_size 4"));
  c.deployment.enable_dbo = true;
  const std::string message = message_of<Infeasible>([&] { c.fit(); });
  CHECK_THAT(message, Catch::Contains("/deployment/pipeline_parallel_size ") &&
                          !Catch::Contains("/deployment/tensor_parallel_size"));
}

TEST_CASE("A pool smaller than max_model_len is refused with the length that would fit", "[plan]") {
  Case c("llama-3.1-8b");
  c.limits.max_model_len = 10'000'000;
  const std::string message = message_of<Infeasible>([&] { c.fit(); });
  const std::string advice = "it would fit with /engine/max_model_len ";
  const std::size_t place = message.find(advice);
  REQUIRE(place != std::string::npos);
  c.limits.max_model_len = std::stoll(message.substr(place + advice.size()));
  CHECK(c.fit().kv_tokens() == c.limits.max_model_len);
}

TEST_CASE("num_gpu_blocks_override pins the pool", "[plan]") {
  Case c("llama-3.1-8b");
  c.limits.num_gpu_blocks_override = 7;
  CHECK(c.fit().num_gpu_blocks == 7);
  CHECK(c.fit().kv_tokens() == 112);
  CHECK(c.fit().kv_pool == 112.0 * c.fit().kv_bytes_per_token);
}

TEST_CASE("Linear attention reserves the states of max_num_seqs sequences before the KV pool", "[plan]") {
  Case c("qwen3.5-397b-a17b");
  c.deployment.tensor_parallel_size = 8;
  c.cluster = read_cluster(Json("hgx-h200"), ".", "test");
  c.precision.weights = PrecisionByRole::all(Precision::fp8);
  const MemoryFit fit = c.fit();
  // 45 layers; a rank has 8 of 64 value heads and 2 of 16 key heads: fp32 states of 128 x 128 a head, and the
  // last three inputs of the convolution over queries, keys and values in bf16.
  const double state = 8.0 * 128 * 128 * 4 + 3.0 * (2 * 2 * 128 + 8 * 128) * 2;
  CHECK(fit.states.value() == 256.0 * 45 * state);
  CHECK(fit.kv_bytes_per_token.value() == 15.0 * 2 * 256 * 2);  // one KV head a rank, in 15 layers
}

TEST_CASE("An encoder needs no KV pool", "[plan]") {
  Case c("bert-large");
  c.limits.max_model_len = 512;
  CHECK(c.fit().kv_bytes_per_token.value() == 0.0);
  CHECK(c.fit().weights.value() == Approx(2.0 * 335.1e6).epsilon(0.005));
}

TEST_CASE("Asking whether a model fits gives what fit_memory gives, and nothing where that refuses",
          "[plan]") {
  Case c("llama-3.1-70b");
  const auto found = [&] {
    return find_fit(c.model, c.precision, c.deployment, c.cluster, c.engine, c.limits);
  };
  CHECK_FALSE(found().has_value());
  CHECK_THROWS_AS(c.fit(), Infeasible);
  c.deployment.tensor_parallel_size = 4;
  REQUIRE(found().has_value());
  CHECK(found()->num_gpu_blocks == c.fit().num_gpu_blocks);
  CHECK(found()->kv_pool == c.fit().kv_pool);
  c.limits.num_gpu_blocks_override = 700;
  CHECK(found()->num_gpu_blocks == 700);
  c.limits.num_gpu_blocks_override.reset();
  c.limits.max_model_len = 10'000'000;  // more than the pool holds
  CHECK_FALSE(found().has_value());
}
