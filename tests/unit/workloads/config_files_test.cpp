// Real config.json files: those of supported families give the parameters that were computed elsewhere, the
// others are refused with a reason.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <map>

#include "tests/support/shared_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/catalogue.hpp"
#include "workloads/parameters.hpp"

using namespace switchyard;
namespace fs = std::filesystem;

namespace {

Architecture read_file(const fs::path& path) { return read_model(Json(path.string()), Json(), ".", "test"); }

Json tiny() {
  return Json{{"model_type", "mixtral"},       {"hidden_size", 64},        {"intermediate_size", 96},
              {"num_hidden_layers", 2},        {"num_attention_heads", 8}, {"num_key_value_heads", 2},
              {"num_local_experts", 4},        {"num_experts_per_tok", 2}, {"vocab_size", 1000},
              {"max_position_embeddings", 512}};
}

PrecisionByRole stored(const Json& quantization) {
  Json config = tiny();
  config["quantization_config"] = quantization;
  return read_model(config, Json(), ".", "test").checkpoint;
}

/// Totals computed elsewhere, in billions, by the end of the file's name.
std::map<std::string, double> known_totals(const fs::path& table) {
  std::map<std::string, double> totals;
  for (const Json& row : read_json_file(table.string())) {
    const std::string source = row.value("src", "");
    const std::size_t end = source.find("_config.json");
    if (end == std::string::npos || !row.contains("calc_total")) continue;
    const std::size_t slash = source.rfind('/', end);
    totals[source.substr(slash + 1, end + 12 - slash - 1)] = row.at("calc_total").get<double>() * 1e9;
  }
  return totals;
}

}  // namespace

TEST_CASE("The catalogue's Qwen 3.5 has norms that are centred on zero, its Qwen 3 has not") {
  CHECK(read_model("qwen3.5-397b-a17b", Json(), ".", "test").zero_centred_norms);
  CHECK_FALSE(read_model("qwen3-235b-a22b", Json(), ".", "test").zero_centred_norms);
}

TEST_CASE("Real config.json files read to the right totals or are refused with the feature that is missing") {
  const auto folder = shared_data("hf_configs");
  const auto table = shared_data("models.json");
  if (!folder || !table) {
    WARN("skipped: no hf_configs");
    return;
  }
  const auto totals = known_totals(*table);
  int read = 0, refused = 0, compared = 0;
  for (const auto& entry : fs::directory_iterator(*folder)) {
    const std::string file = entry.path().filename().string();
    INFO(file);
    try {
      const Architecture architecture = read_file(entry.path());
      ++read;
      const auto total = static_cast<double>(count_parameters(architecture).total);
      CHECK(total > 1e8);
      for (const std::string& known : {file, file.substr(file.find("__") + 2)}) {
        const auto row = totals.find(known);
        if (row == totals.end()) continue;
        CHECK(std::abs(total / row->second - 1.0) < 0.001);
        ++compared;
      }
    } catch (const InputError& error) {
      ++refused;
      const std::string message = error.what();
      CHECK((message.find("not supported") != message.npos || message.find("is missing") != message.npos));
    }
  }
  CHECK(read >= 105);
  CHECK(compared >= 35);
  CHECK(refused <= 16);
}

TEST_CASE("A checkpoint's format covers what its quantization_config covers") {
  const PrecisionByRole all_fp8 = stored({{"quant_method", "fp8"}});
  CHECK(all_fp8 == PrecisionByRole::all(Precision::fp8));
  CHECK(stored({{"quant_method", "mxfp4"}}).routed_experts == Precision::mxfp4);
  CHECK(stored({{"quant_method", "mxfp4"}}).attention == Precision::bf16);

  const Json int4 = {
      {"quant_method", "compressed-tensors"},
      {"format", "pack-quantized"},
      {"config_groups", {{"group_0", {{"weights", {{"num_bits", 4}, {"group_size", 32}}}}}}},
      {"ignore",
       {"lm_head", "re:.*self_attn.*", "re:.*shared_experts.*", "re:.*mlp\\.(gate|up|down)_proj.*"}}};
  const PrecisionByRole packed = stored(int4);
  CHECK(packed.routed_experts == Precision::int4);
  CHECK((packed.attention == Precision::bf16 && packed.dense_ffn == Precision::bf16));
  CHECK(packed.shared_expert == Precision::bf16);

  const PrecisionByRole nvfp4 = stored(
      {{"quant_method", "modelopt"},
       {"quant_algo", "NVFP4"},
       {"ignore", {"lm_head", "model.layers.0.self_attn*", "model.layers.1.self_attn*", "mtp.0.mlp*"}}});
  CHECK((nvfp4.attention == Precision::bf16 && nvfp4.dense_ffn == Precision::fp4));
  const PrecisionByRole first_layer_only = stored(
      {{"quant_method", "modelopt"}, {"quant_algo", "NVFP4"}, {"ignore", {"model.layers.0.self_attn*"}}});
  CHECK(first_layer_only.attention == Precision::fp4);

  const PrecisionByRole mixed = stored({{"quant_method", "modelopt"},
                                        {"quant_algo", "MIXED_PRECISION"},
                                        {"quantized_layers",
                                         {{"model.layers.0.self_attn.o_proj", {{"quant_algo", "FP8"}}},
                                          {"model.layers.0.mlp.experts", {{"quant_algo", "W4A16_NVFP4"}}}}}});
  CHECK((mixed.attention == Precision::fp8 && mixed.routed_experts == Precision::fp4));
  CHECK(mixed.dense_ffn == Precision::bf16);
}

TEST_CASE("A pattern over gates alone leaves the dense FFNs quantised") {
  const PrecisionByRole precision = stored({{"quant_method", "compressed-tensors"},
                                            {"format", "float-quantized"},
                                            {"ignore", {"lm_head", "re:.*mlp.gate$", "re:.*router.*"}}});
  CHECK(precision == PrecisionByRole::all(Precision::fp8));
  CHECK_THROWS_WITH(stored({{"quant_method", "compressed-tensors"},
                            {"format", "float-quantized"},
                            {"config_groups", {{"group_0", {{"targets", {"re:.*experts.*"}}}}}}}),
                    Catch::Contains("/config_groups/group_0/targets"));
}

TEST_CASE("Sizes that together overflow or cannot be routed are refused by their key") {
  Json convolutions = Json::array();
  convolutions.push_back({{"in_channels", 65536}, {"out_channels", 65536}, {"kernel", 64}, {"times", 1024}});
  const Json huge = {{"model_type", "convolutional"}, {"convolutions", convolutions}};
  CHECK(count_parameters(read_model(huge, Json(), ".", "test")).total == 1LL << 54);
  convolutions.push_back({{"in_channels", 3}, {"out_channels", 3}});
  CHECK_THROWS_WITH(
      read_model(Json{{"model_type", "convolutional"}, {"convolutions", convolutions}}, Json(), ".", "test"),
      Catch::Contains("/model/convolutions"));
  CHECK_THROWS_WITH(read_model("deepseek-v2",
                               Json{{"n_routed_experts", 8}, {"n_group", 8}, {"topk_group", 6}}, ".", "test"),
                    Catch::Contains("/n_group"));
  CHECK_THROWS_WITH(read_model(Json{{"hidden_size", 8}}, Json(), ".", "test"),
                    Catch::Contains("/model/model_type: is missing") && Catch::Contains("list families"));
}

TEST_CASE("A format that no engine profile knows is refused with the choices") {
  const auto refused = [](const Json& quantization, const std::string& where) {
    CHECK_THROWS_WITH(stored(quantization), Catch::Contains("/model/quantization_config" + where) &&
                                                Catch::Contains("not supported"));
  };
  refused({{"quant_method", "awq"}}, "/quant_method");
  refused({{"quant_method", "modelopt"}, {"quant_algo", "W4A8"}}, "/quant_algo");
  refused({{"quant_method", "compressed-tensors"}, {"format", "marlin-24"}}, "/format");
  refused({{"quant_method", "fp8"}, {"weight_block_size", {64, 64}}}, "/weight_block_size");
}

TEST_CASE("Numbers that only Python knows do not stop a config.json from being read") {
  const TemporaryFolder folder;
  std::string text = tiny().dump();
  text.insert(1, "\"limit\": [0.0, Infinity, -Infinity, NaN], \"note\": \"NaN \\\" Infinity\", ");
  folder.write("config.json", text);
  CHECK(read_file(folder.path() / "config.json").hidden_size == 64);
}

TEST_CASE("A language model under text_config is read from there, and errors point there") {
  Json outer = {{"model_type", "some_vision_model"}, {"vision_config", {{"depth", 27}}}};
  outer["text_config"] = tiny();
  const Architecture architecture = read_model(outer, Json(), ".", "test");
  CHECK(architecture.hidden_size == 64);
  REQUIRE(architecture.notes.size() == 1);
  CHECK(architecture.notes[0] == "the vision tower is not counted");
  outer["text_config"]["hidden_size"] = 0;
  CHECK_THROWS_WITH(read_model(outer, Json(), ".", "test"),
                    Catch::Contains("/model/text_config/hidden_size"));
}
