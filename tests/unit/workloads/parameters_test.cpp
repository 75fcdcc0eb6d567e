// Parameter counts, KV bytes and operations of a token, against sums written out by hand.
#include "workloads/parameters.hpp"

#include <catch2/catch.hpp>

#include "workloads/catalogue.hpp"

namespace switchyard {
namespace {

Architecture model(const std::string& name) { return read_model(Json(name), Json(), ".", "scenario.json"); }

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

}  // namespace

TEST_CASE("A grouped-query layer has the parameters of its matrices") {
  const Layer layer = model("llama-3.1-8b").layers[0];
  const LayerParameters p = parameters_of(layer, 4096);
  CHECK(p.attention == 4096 * (4096 + 2 * 1024) + 4096 * 4096);
  CHECK(p.dense_ffn == 3 * 4096 * 14336);
  CHECK(p.norms == 2 * 4096);
  CHECK(p.gate + p.routed_expert + p.shared_expert == 0);
}

TEST_CASE("A latent-attention layer has the parameters of its compressions") {
  const Layer layer = model("deepseek-v3").layers[3];
  const LayerParameters p = parameters_of(layer, 7168);
  CHECK(p.attention == 7168 * 1536 + 1536 * 128 * 192 + 7168 * 576 + 512 * 128 * 256 + 128 * 128 * 7168);
  CHECK(p.norms == 2 * 7168 + 1536 + 512);
  CHECK(p.gate == 256 * 7168 + 256);
  CHECK(p.routed_expert == 3 * 7168 * 2048);
  CHECK(p.shared_expert == p.routed_expert);
}

TEST_CASE("Biases, sinks and head norms are counted") {
  const LayerParameters oss = parameters_of(model("gpt-oss-120b").layers[0], 2880);
  CHECK(oss.attention == 2880 * (4096 + 1024) + (4096 + 1024) + 4096 * 2880 + 2880 + 64);
  CHECK(oss.gate == 128 * 2880 + 128);
  CHECK(oss.routed_expert == 3 * 2880 * 2880 + 2 * 2880 + 2880);
  CHECK(parameters_of(model("qwen3-30b-a3b").layers[0], 2048).norms == 2 * 2048 + 2 * 128);
}

TEST_CASE("A tied head is counted once and still costs its product") {
  Architecture untied = model("llama-3.1-8b");
  Architecture tied = untied;
  tied.tie_word_embeddings = true;
  const ParameterCount count = count_parameters(tied);
  CHECK(count.head == 0);
  CHECK(count.total == count_parameters(untied).total - std::int64_t{128256} * 4096);
  CHECK(flops_per_token(tied, 100) == flops_per_token(untied, 100));
}

TEST_CASE("KV bytes a token follow heads, and the latent where there is one") {
  CHECK(kv_bytes_per_token(model("llama-3.1-8b"), Precision::bf16).value() == 131072.0);
  CHECK(kv_bytes_per_token(model("llama-3.1-8b"), Precision::fp8).value() == 65536.0);
  CHECK(kv_bytes_per_token(model("deepseek-v3"), Precision::bf16).value() == 61.0 * 576.0 * 2.0);
  CHECK(kv_bytes_per_token(model("gpt-oss-120b"), Precision::bf16).value() == 36.0 * 2.0 * 8.0 * 64.0 * 2.0);
}

TEST_CASE("Weights take the bytes of their formats") {
  const Architecture llama = model("llama-3.1-8b");
  CHECK(weight_bytes(llama, llama.checkpoint).value() == 2.0 * 8'030'261'248.0);
  // gpt-oss-120b's model card: a checkpoint of 60.8 GiB.
  const Architecture oss = model("gpt-oss-120b");
  CHECK(weight_bytes(oss, oss.checkpoint).value() / kGiB == Approx(60.8).epsilon(0.005));
  const Architecture v3 = model("deepseek-v3");
  const double bytes = weight_bytes(v3, v3.checkpoint).value();
  CHECK(bytes > 671.0e9);
  CHECK(bytes < 674.0e9);
}

TEST_CASE("A token costs two operations a weight and four a head element of each cached token") {
  const Architecture llama = model("llama-3.1-8b");
  const ParameterCount count = count_parameters(llama);
  const double norms = 65.0 * 4096.0;
  const double weights = static_cast<double>(count.total - count.embedding) - norms;
  CHECK(flops_per_token(llama, 0).value() == 2.0 * weights);
  CHECK(flops_per_token(llama, 1000).value() == 2.0 * weights + 32.0 * 4.0 * 4096.0 * 1000.0);
}

TEST_CASE("Absorbed latent attention reads the latent for scores and for values") {
  const Architecture v3 = model("deepseek-v3");
  const double slope = flops_per_token(v3, 1001).value() - flops_per_token(v3, 1000).value();
  CHECK(slope == 61.0 * 2.0 * 128.0 * (576.0 + 512.0));
}

TEST_CASE("A sliding window bounds the attention of its layers alone") {
  const Architecture oss = model("gpt-oss-120b");
  const double slope = flops_per_token(oss, 1001).value() - flops_per_token(oss, 1000).value();
  CHECK(slope == 18.0 * 4.0 * 64.0 * 64.0);
  const double within = flops_per_token(oss, 101).value() - flops_per_token(oss, 100).value();
  CHECK(within == 36.0 * 4.0 * 64.0 * 64.0);
}

TEST_CASE("Only the experts a token visits cost operations") {
  const Architecture mixtral = model("mixtral-8x7b");
  Architecture wide = mixtral;
  for (Layer& layer : wide.layers) layer.moe->gate.num_experts = 16;
  const double gates = 2.0 * 32.0 * 8.0 * 4096.0;
  CHECK(flops_per_token(wide, 0).value() - flops_per_token(mixtral, 0).value() == gates);
}

TEST_CASE("A dense FFN beside the experts makes a hybrid and adds its parameters") {
  Architecture hybrid = model("mixtral-8x7b");
  const ParameterCount before = count_parameters(hybrid);
  CHECK(kind_of(hybrid) == ModelKind::moe);
  hybrid.layers[0].dense = Ffn{.intermediate_size = 100};
  CHECK(kind_of(hybrid) == ModelKind::hybrid);
  CHECK(name_of(kind_of(hybrid)) == "hybrid");
  CHECK(count_parameters(hybrid).total == before.total + 3 * 4096 * 100);
  CHECK(count_parameters(hybrid).active == before.active + 3 * 4096 * 100);
}

TEST_CASE("A gated delta net has the parameters of its projections, convolution and gates") {
  const Layer layer = model("qwen3.5-397b-a17b").layers[0];
  const LayerParameters p = parameters_of(layer, 4096);
  const std::int64_t keys = 16 * 128, values = 64 * 128;
  CHECK(p.attention ==
        4096 * (2 * keys + 2 * values + 2 * 64) + values * 4096 + 4 * (2 * keys + values) + 2 * 64);
  CHECK(p.norms == 2 * 4096 + 128);
  CHECK(state_bytes(*layer.linear_attention).value() == 64.0 * 128 * 128 * 4 + 3.0 * (2 * keys + values) * 2);
  CHECK(kv_elements_per_token(layer) == 0);
}

TEST_CASE("Linear attention costs a token the same at any context") {
  Architecture linear = model("qwen3.5-397b-a17b");
  std::erase_if(linear.layers, [](const Layer& layer) { return layer.attention.has_value(); });
  CHECK(flops_per_token(linear, 100000) == flops_per_token(linear, 0));
}

TEST_CASE("Sparse attention reads at most its selected keys, and its indexer scores all") {
  const Architecture glm = model("glm-5");
  const double before = flops_per_token(glm, 2048).value() - flops_per_token(glm, 2047).value();
  const double after = flops_per_token(glm, 4097).value() - flops_per_token(glm, 4096).value();
  CHECK(after == 78.0 * 2.0 * 32.0 * 128.0);
  CHECK(before == after + 78.0 * 2.0 * 64.0 * (2.0 * 512.0 + 64.0));
  CHECK(indexer_bytes_per_token(glm.layers[0]).value() == 128.0 + 4.0);
}

TEST_CASE("An encoder caches nothing and a decoder beside it caches both attentions") {
  CHECK(kv_bytes_per_token(model("bert-large"), Precision::bf16).value() == 0.0);
  const Architecture t5 = model("switch-base-128");
  CHECK(kv_bytes_per_token(t5, Precision::bf16).value() == 12.0 * 2.0 * 2.0 * 768.0 * 2.0);
  CHECK(t5.layers.size() == 24);
  CHECK((t5.layers[0].attention->bidirectional && !t5.layers[12].attention->bidirectional));
}

TEST_CASE("Image classifiers have the published parameters and operations") {
  // torchvision's figures: 25,557,032 and 138,357,544 parameters, 4.09 and 15.47 GMAC.
  CHECK(count_parameters(model("resnet-50")).total == 25'557'032);
  CHECK(count_parameters(model("vgg-16")).total == 138'357'544);
  CHECK(flops_per_token(model("resnet-50"), 0).value() == Approx(2 * 4.09e9).epsilon(0.002));
  CHECK(flops_per_token(model("vgg-16"), 0).value() == Approx(2 * 15.47e9).epsilon(0.001));
}

TEST_CASE("Active parameters follow the vendor's way of counting") {
  const ParameterCount count{.total = 100, .active = 50, .embedding = 10, .head = 7};
  using Active = PublishedParameters::Active;
  CHECK(active_by_convention(count, Active::everything) == 50);
  CHECK(active_by_convention(count, Active::without_embedding) == 40);
  CHECK(active_by_convention(count, Active::without_embedding_and_head) == 33);
}

}  // namespace switchyard
