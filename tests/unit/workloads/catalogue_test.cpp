// The catalogue and the config.json reader, against published totals and real files.
#include "workloads/catalogue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/shared_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {

namespace {

Architecture model(const std::string& name, const Json& overrides = Json()) {
  return read_model(Json(name), overrides, ".", "scenario.json");
}

double relative(double value, double expected) { return std::abs(value / expected - 1.0); }

bool same_shape(const Architecture& a, const Architecture& b) {
  const ParameterCount left = count_parameters(a);
  const ParameterCount right = count_parameters(b);
  return left.total == right.total && left.active == right.active && a.layers.size() == b.layers.size() &&
         a.moe_layers() == b.moe_layers() && a.max_position_embeddings == b.max_position_embeddings &&
         a.checkpoint == b.checkpoint && flops_per_token(a, 4096) == flops_per_token(b, 4096) &&
         kv_bytes_per_token(a, Precision::bf16) == kv_bytes_per_token(b, Precision::bf16);
}

Json tiny() {
  return Json{{"model_type", "mixtral"},       {"hidden_size", 64},        {"intermediate_size", 96},
              {"num_hidden_layers", 2},        {"num_attention_heads", 8}, {"num_key_value_heads", 2},
              {"num_local_experts", 4},        {"num_experts_per_tok", 2}, {"vocab_size", 1000},
              {"max_position_embeddings", 512}};
}

Architecture inlined(const Json& config, const Json& overrides = Json()) {
  return read_model(config, overrides, ".", "scenario.json");
}

Json with(Json config, const std::string& key, const Json& value) {
  config[key] = value;
  return config;
}

}  // namespace

TEST_CASE("The catalogue is sorted and holds the models that users ask for") {
  const auto names = model_names();
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const char* name : {"gpt-2-xl",
                           "bert-large",
                           "gpt-3-175b",
                           "llama-2-7b",
                           "llama-2-13b",
                           "llama-2-70b",
                           "llama-3.1-8b",
                           "llama-3.1-70b",
                           "llama-3.1-405b",
                           "qwen2.5-72b",
                           "qwen3-8b",
                           "qwen3-32b",
                           "mistral-7b",
                           "switch-base-128",
                           "switch-c-2048",
                           "glam-64b-64e",
                           "gshard-600b",
                           "mixtral-8x7b",
                           "mixtral-8x22b",
                           "grok-1",
                           "dbrx",
                           "snowflake-arctic",
                           "pr-moe-1.3b",
                           "deepseek-moe-16b",
                           "deepseek-v2",
                           "deepseek-v2-lite",
                           "deepseek-v3",
                           "deepseek-r1",
                           "qwen1.5-moe-a2.7b",
                           "qwen2-57b-a14b",
                           "qwen3-30b-a3b",
                           "qwen3-235b-a22b",
                           "qwen3.5-397b-a17b",
                           "olmoe-1b-7b",
                           "phi-3.5-moe",
                           "gpt-oss-20b",
                           "gpt-oss-120b",
                           "llama-4-scout",
                           "llama-4-maverick",
                           "kimi-k2",
                           "kimi-k2.5",
                           "glm-4.5",
                           "glm-5",
                           "minimax-m2.5",
                           "v-moe-15b",
                           "resnet-50",
                           "vgg-16"}) {
    INFO(name);
    CHECK(std::binary_search(names.begin(), names.end(), name));
  }
}

TEST_CASE("Every model's count is within 1 % of what its vendor publishes, or the file says why not") {
  for (const std::string& name : model_names()) {
    INFO(name);
    const Architecture architecture = model(name);
    CHECK(architecture.name == name);
    CHECK_FALSE(architecture.source.empty());
    REQUIRE(architecture.published.has_value());
    const PublishedParameters& published = *architecture.published;
    const ParameterCount count = count_parameters(architecture);
    double worst = relative(static_cast<double>(count.total), published.total);
    if (published.active) {
      const auto active = static_cast<double>(active_by_convention(count, published.counts));
      worst = std::max(worst, relative(active, *published.active));
    }
    CHECK(worst < 0.06);
    CHECK((worst < 0.01 || !published.deviation.empty()));
  }
}

TEST_CASE("A model without a published architecture is refused with the reason") {
  for (const char* name : {"gpt-4", "gpt-4o", "gpt-4-turbo"})
    CHECK_THROWS_WITH(model(name), Catch::Contains("no published architecture") && Catch::Contains(name));
}

TEST_CASE("Parameters of the catalogue equal the counts of the checkpoints") {
  const auto total = [](const char* name) { return count_parameters(model(name)).total; };
  CHECK(total("llama-3.1-8b") == 8'030'261'248);
  CHECK(total("llama-3.1-70b") == 70'553'706'496);
  CHECK(total("mixtral-8x7b") == 46'702'792'704);
  CHECK(total("qwen3-30b-a3b") == 30'532'122'624);
  CHECK(relative(static_cast<double>(total("gpt-oss-120b")), 116.83e9) < 0.001);
  CHECK(relative(static_cast<double>(total("deepseek-v3")), 671.03e9) < 0.001);
}

TEST_CASE("The catalogue says the same as the published config.json files") {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"llama-3.1-8b", "aic__meta-llama--Meta-Llama-3.1-8B_config.json"},
      {"llama-3.1-70b", "aic__meta-llama--Meta-Llama-3.1-70B_config.json"},
      {"mixtral-8x7b", "aic__mistralai--Mixtral-8x7B-v0.1_config.json"},
      {"qwen3-30b-a3b", "aic__Qwen--Qwen3-30B-A3B_config.json"},
      {"gpt-oss-120b", "aic__openai--gpt-oss-120b_config.json"},
      {"deepseek-v3", "aic__deepseek-ai--DeepSeek-V3_config.json"},
      {"deepseek-r1", "aic__deepseek-ai--DeepSeek-R1_config.json"},
      {"deepseek-moe-16b", "moelrc__deepseek_config.json"},
      {"deepseek-v2-lite", "moelrc__deepseek2_config.json"},
      {"glm-5", "aic__zai-org--GLM-5_config.json"},
      {"gpt-oss-20b", "aic__openai--gpt-oss-20b_config.json"},
      {"kimi-k2", "aic__moonshotai--Kimi-K2-Instruct_config.json"},
      {"kimi-k2.5", "aic__moonshotai--Kimi-K2.5_config.json"},
      {"llama-2-7b", "blis__llama-2-7b-hf_config.json"},
      {"llama-3.1-405b", "aic__meta-llama--Meta-Llama-3.1-405B_config.json"},
      {"llama-4-maverick", "aic__meta-llama--Llama-4-Maverick-17B-128E-Instruct_config.json"},
      {"llama-4-scout", "aic__meta-llama--Llama-4-Scout-17B-16E-Instruct_config.json"},
      {"minimax-m2.5", "aic__MiniMaxAI--MiniMax-M2.5_config.json"},
      {"mixtral-8x22b", "aic__mistralai--Mixtral-8x22B-v0.1_config.json"},
      {"olmoe-1b-7b", "moelrc__olmoe_config.json"},
      {"phi-3.5-moe", "moelrc__phi_config.json"},
      {"qwen1.5-moe-a2.7b", "moelrc__qwen_config.json"},
      {"qwen2-57b-a14b", "moelrc__qwen2_config.json"},
      {"qwen3-235b-a22b", "aic__Qwen--Qwen3-235B-A22B_config.json"},
      {"qwen3-32b", "aic__Qwen--Qwen3-32B_config.json"},
      {"qwen3-8b", "aic__Qwen--Qwen3-8B_config.json"},
      {"qwen3.5-397b-a17b", "aic__Qwen--Qwen3.5-397B-A17B_config.json"},
      {"switch-base-128", "moelrc__switch_config.json"}};
  for (const auto& [name, file] : files) {
    const auto path = shared_data("hf_configs/" + file);
    if (!path) {
      WARN("skipped: no hf_configs/" << file);
      continue;
    }
    INFO(name);
    CHECK(same_shape(model(name), inlined(Json(path->string()))));
  }
}

TEST_CASE("Each family's gate is the router its paper describes") {
  const Architecture mixtral = model("mixtral-8x7b");
  CHECK(mixtral.layers[0].moe->router == "softmax_topk_renorm");
  CHECK(mixtral.routing_preset == "mixtral-8x7b");
  CHECK(model("qwen3-30b-a3b").layers[0].moe->router == "softmax_topk_renorm");
  CHECK(model("qwen3-30b-a3b", Json{{"norm_topk_prob", false}}).layers[0].moe->router == "softmax_topk");

  const Layer oss = model("gpt-oss-120b").layers[0];
  CHECK(oss.moe->router == "topk_softmax");
  CHECK((oss.moe->gate_bias && oss.moe->expert.bias && oss.attention->sinks));

  const Architecture v3 = model("deepseek-v3");
  CHECK(v3.moe_layers() == 58);
  CHECK(v3.layers[2].dense->intermediate_size == 18432);
  const MoeFfn& moe = *v3.layers[3].moe;
  CHECK((moe.router == "noaux_tc" && moe.selection_bias));
  CHECK((moe.gate.num_experts == 256 && moe.gate.num_experts_per_tok == 8 && moe.gate.n_group == 8));
  CHECK((moe.gate.topk_group == 4 && moe.gate.routed_scaling_factor == 2.5 && moe.gate.hidden_size == 7168));
  CHECK(moe.shared_expert->intermediate_size == 2048);
}

TEST_CASE("gpt-oss alternates sliding and full attention, sliding first") {
  const Architecture oss = model("gpt-oss-120b");
  CHECK(oss.layers[0].attention->sliding_window == 128);
  CHECK_FALSE(oss.layers[1].attention->sliding_window.has_value());
  const Json types = {"full_attention", "sliding_attention", "full_attention"};
  const Architecture two = model("gpt-oss-120b", Json{{"layer_types", types}, {"num_hidden_layers", 2}});
  CHECK_FALSE(two.layers[0].attention->sliding_window.has_value());
  CHECK(two.layers[1].attention->sliding_window == 128);
  CHECK_THROWS_WITH(model("gpt-oss-120b", Json{{"layer_types", types}}),
                    Catch::Contains("/model_overrides/layer_types"));
}

TEST_CASE("A layer of one expert and top-1 is dense") {
  const Json one = with(with(tiny(), "num_local_experts", 1), "num_experts_per_tok", 1);
  const Architecture architecture = inlined(one);
  CHECK(kind_of(architecture) == ModelKind::dense);
  CHECK_FALSE(architecture.layers[0].moe.has_value());
  CHECK(architecture.layers[0].dense->intermediate_size == 96);
  Json dense = one;
  for (const char* key : {"num_local_experts", "num_experts_per_tok"}) dense.erase(key);
  CHECK(same_shape(architecture, inlined(with(dense, "model_type", "llama"))));
}

TEST_CASE("A single routed expert and its shared expert become one wide dense FFN") {
  const Json overrides = {
      {"n_routed_experts", 1}, {"num_experts_per_tok", 1}, {"n_group", 1}, {"topk_group", 1}};
  const Architecture architecture = model("deepseek-v3", overrides);
  CHECK(kind_of(architecture) == ModelKind::dense);
  CHECK(architecture.layers[60].dense->intermediate_size == 2 * 2048);
}

TEST_CASE("Experts of any family may have a capacity; Switch's and GShard's have their papers' own") {
  CHECK_FALSE(inlined(tiny()).drops_tokens());
  const Architecture limited = inlined(tiny(), Json{{"capacity_factor", 1.25}});
  CHECK(limited.drops_tokens());
  for (const Layer& layer : limited.layers) CHECK(layer.moe->capacity_factor == 1.25);
  CHECK_FALSE(inlined(with(tiny(), "capacity_factor", 2), Json{{"capacity_factor", nullptr}}).drops_tokens());
  for (const auto& [name, factor] : {std::pair("switch-base-128", 2.0), std::pair("gshard-600b", 1.0)}) {
    const Architecture model = read_model(Json(name), Json(), ".", "test");
    for (const Layer& layer : model.layers)
      if (layer.moe) CHECK(layer.moe->capacity_factor == factor);
    CHECK(model.drops_tokens());
  }
}

TEST_CASE("Overrides replace keys and name themselves in the source") {
  const Architecture ten = model("mixtral-8x7b", Json{{"num_hidden_layers", 10}});
  CHECK(ten.layers.size() == 10);
  CHECK(ten.source.ends_with("with model_overrides"));
  CHECK(inlined(with(tiny(), "sliding_window", 64), Json{{"sliding_window", nullptr}})
            .layers[0]
            .attention->sliding_window == std::nullopt);
}

TEST_CASE("A key the family does not know is refused in overrides and inline objects with the near miss") {
  CHECK_THROWS_WITH(model("mixtral-8x7b", Json{{"num_hidden_layer", 10}}),
                    Catch::StartsWith("scenario.json: /model_overrides/num_hidden_layer: ") &&
                        Catch::Contains("num_hidden_layers"));
  CHECK_THROWS_WITH(
      inlined(with(tiny(), "hiden_size", 64)),
      Catch::StartsWith("scenario.json: /model/hiden_size: ") && Catch::Contains("hidden_size"));
}

TEST_CASE("A file may hold any further keys and is named after its folder") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "my-model");
  folder.write("my-model/config.json", with(tiny(), "some_future_key", {1, 2}).dump());
  const Architecture architecture =
      read_model("my-model/config.json", Json(), folder.path().string(), "s.json");
  CHECK(architecture.name == "my-model");
  CHECK(architecture.routing_preset == "random");
  CHECK_THROWS_AS(read_model("absent/config.json", Json(), folder.path().string(), "s.json"), InputError);
}

TEST_CASE("An unknown model, type or value is refused where it was written") {
  CHECK_THROWS_WITH(model("mixtral-8x7"),
                    Catch::StartsWith("scenario.json: /model: ") && Catch::Contains("mixtral-8x7b"));
  CHECK_THROWS_WITH(inlined(with(tiny(), "model_type", "mamba2")),
                    Catch::StartsWith("scenario.json: /model/model_type: ") && Catch::Contains("mamba2") &&
                        Catch::Contains("deepseek_v3"));
  CHECK_THROWS_AS(read_model(Json(7), Json(), ".", "scenario.json"), InputError);
  CHECK_THROWS_WITH(read_model("mixtral-8x7b", Json(7), ".", "scenario.json"),
                    Catch::Contains("/model_overrides"));
}

TEST_CASE("Impossible sizes are refused, naming the key") {
  const auto refused = [](const std::string& key, const Json& value) {
    INFO(key << " " << value.dump());
    CHECK_THROWS_WITH(inlined(with(tiny(), key, value)),
                      Catch::StartsWith("scenario.json: /model/" + key + ": "));
  };
  for (const char* key :
       {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size",
        "num_local_experts", "num_experts_per_tok", "max_position_embeddings", "head_dim"}) {
    refused(key, 0);
    refused(key, -1);
    refused(key, 1e18);
    refused(key, 2.5);
    refused(key, "8");
    refused(key, INT64_MAX);
  }
  refused("num_key_value_heads", 3);
  refused("num_attention_heads", 6);
  refused("num_experts_per_tok", 5);
  refused("sliding_window", 0);
}

TEST_CASE("Impossible groups of experts are refused") {
  const auto refused = [](const Json& overrides, const std::string& key) {
    CHECK_THROWS_WITH(model("deepseek-v3", overrides), Catch::Contains("/" + key + ": "));
  };
  refused({{"n_group", 7}}, "n_group");
  refused({{"topk_group", 9}}, "topk_group");
  refused({{"n_group", 64}, {"topk_group", 1}}, "num_experts_per_tok");
  refused({{"n_group", 256}, {"topk_group", 100}}, "n_group");
  refused({{"norm_topk_prob", false}}, "norm_topk_prob");
  refused({{"scoring_func", "softmax"}}, "scoring_func");
}

TEST_CASE("The largest sizes allowed do not overflow") {
  Json huge = tiny();
  huge["hidden_size"] = 131072;
  huge["intermediate_size"] = 1048576;
  huge["num_hidden_layers"] = 1024;
  huge["num_attention_heads"] = 4096;
  huge["num_key_value_heads"] = 4096;
  huge["head_dim"] = 4096;
  huge["num_local_experts"] = 1024;
  huge["vocab_size"] = 16777216;
  const ParameterCount count = count_parameters(inlined(huge));
  const double experts = 1024.0 * 1024.0 * 3.0 * 131072.0 * 1048576.0;
  const double attention = 1024.0 * 4.0 * 131072.0 * 4096.0 * 4096.0;
  const double expected = experts + attention;
  CHECK(relative(static_cast<double>(count.total), expected) < 0.001);
}

}  // namespace switchyard
