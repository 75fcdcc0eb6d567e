// The catalogue of routing presets and what the Mixtral one reproduces.
#include "workloads/routing/preset.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "sim/base/error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/routing/bank.hpp"
#include "workloads/routing/statistics.hpp"

using namespace switchyard;

TEST_CASE("Every routing preset can be read and states its source") {
  REQUIRE(routing_preset_names().size() >= 2);
  for (const std::string& name : routing_preset_names()) {
    const RoutingPreset preset = read_routing_preset(name, "/routing/preset");
    CHECK(preset.name == name);
    CHECK(preset.source.size() > 20);
    CHECK(preset.fresh_share(0.5) > 0.0);
  }
  CHECK(read_routing_preset("random", "").fresh_share(0.5) == 1.0);
}

TEST_CASE("An unknown routing preset is an error that names the place and the near miss") {
  CHECK_THROWS_WITH(read_routing_preset("randon", "/routing/preset"),
                    Catch::Contains("/routing/preset") && Catch::Contains("random"));
}

TEST_CASE("A routing preset may be a file, and its mistakes are named") {
  const TemporaryFolder folder;
  const auto read = [&](const char* text) {
    return read_routing_preset(folder.write("own.json", text).string(), "/routing/preset");
  };
  CHECK(read(R"({"source": "mine", "token_share": 0.5})").token_share.at(0.3) == 0.5);
  CHECK(read(R"({"source": "mine", "token_share": [0.2, 0.8]})").token_share.at(0.25) == Approx(0.35));
  CHECK_THROWS_AS(read(R"({"source": "mine", "token_share": 0.6, "domain_share": 0.6})"), InputError);
  CHECK_THROWS_AS(read(R"({"source": "m", "token_share": [0, 0.8, 0], "sequence_share": 0.3})"), InputError);
  CHECK_THROWS_AS(read(R"({"source": "mine", "tokens_share": 0.5})"), InputError);
  CHECK_THROWS_AS(read(R"({"source": "mine", "gate_bias_zipf": 11})"), InputError);
  CHECK_THROWS_AS(read(R"({"token_share": 0.5})"), InputError);
  CHECK_THROWS_AS(read_routing_preset("./absent.json", "/routing/preset"), InputError);
}

// Measured on Mixtral-8x7B: loads of 208,896 tokens of five domains in layers 0, 15 and 31 (AllenAI OLMoE
// repository, scripts/routing_output); repeated first choices from arXiv:2401.04088 table 5. The bands are
// twice the preset's error.
TEST_CASE("The Mixtral preset has Mixtral's load, locality and domain shift") {
  Architecture mixtral;
  mixtral.hidden_size = 4096;
  Layer layer;
  layer.moe = MoeFfn{};
  layer.moe->router = "softmax_topk_renorm";
  layer.moe->gate.num_experts = 8;
  layer.moe->gate.num_experts_per_tok = 2;
  mixtral.layers.assign(32, layer);
  const RoutingBank bank(mixtral, read_routing_preset("mixtral-8x7b", ""), 1);
  const RoutingStatistics statistics = routing_statistics(bank);
  DomainRoutingStatistics mean;
  for (const LayerRoutingStatistics& one : statistics.layers) {
    mean.max_over_mean += one.max_over_mean / 32.0;
    mean.entropy_bits += one.entropy_bits / 32.0;
    mean.first_choice_repeat += one.first_choice_repeat / 32.0;
  }
  CHECK(mean.max_over_mean == Approx(1.183).margin(0.06));
  CHECK(mean.entropy_bits == Approx(2.9845).margin(0.008));
  CHECK(mean.first_choice_repeat == Approx(0.216).margin(0.02));
  CHECK(statistics.domain_load_cosine == Approx(0.9915).margin(0.006));
}
