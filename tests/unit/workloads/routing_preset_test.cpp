// The catalogue of routing presets, and what those of real models reproduce.
#include "workloads/routing/preset.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>

#include "sim/base/error.hpp"
#include "tests/support/shared_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "workloads/catalogue.hpp"
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

namespace {

/// A figure of one layer, by domain.
using Figure = double DomainRoutingStatistics::*;

RoutingStatistics statistics_of(const std::string& model) {
  const Architecture architecture = read_model(Json(model), Json::object(), ".", "test");
  REQUIRE(architecture.routing_preset == model);
  return routing_statistics(RoutingBank(architecture, read_routing_preset(model, ""), 1));
}

const LayerRoutingStatistics& layer_at(const RoutingStatistics& statistics, double depth) {
  const auto last = static_cast<double>(statistics.layers.size() - 1);
  return statistics.layers[static_cast<std::size_t>(std::lround(depth * last))];
}

/// Compares figures layer by layer; then their mean over layers, in each domain.
class Comparison {
 public:
  void add(const std::string& what, double measured, double generated) {
    ++figures_;
    const double error = std::abs(generated / measured - 1.0);
    INFO(what << ": measured " << measured << ", generated " << generated);
    CHECK(error < 0.15);
    beyond_ += error > 0.1;
    measured_[what] += measured;
    generated_[what] += generated;
  }
  void finish() const {
    CHECK(beyond_ <= figures_ / 100);
    for (const auto& [what, sum] : measured_) {
      INFO(what);
      CHECK(generated_.at(what) == Approx(sum).epsilon(0.1));
    }
  }

 private:
  int figures_ = 0;
  int beyond_ = 0;
  std::map<std::string, double> measured_, generated_;
};

}  // namespace

// What was measured stands in the preset, with its source. A bank has 8 to 25 thousand tokens, so the busiest
// expert of an even layer is overstated: one figure in a hundred may be beyond a tenth, none beyond 15 %.
TEST_CASE("Presets of real models have within a tenth the load, locality and imbalance that was measured") {
  for (const std::string model : {"deepseek-v2-lite", "olmoe-1b-7b", "mixtral-8x7b"}) {
    INFO(model);
    const RoutingPreset preset = read_routing_preset(model, "");
    const RoutingStatistics statistics = statistics_of(model);
    REQUIRE_FALSE(preset.profiles.empty());
    Comparison comparison;
    for (const ExpertProfile& profile : preset.profiles) {
      const LayerRoutingStatistics& layer = layer_at(statistics, profile.depth);
      const auto compare = [&](const char* what, const std::vector<double>& measured, Figure figure) {
        for (std::size_t d = 0; d < measured.size(); ++d)
          comparison.add(what + (" in domain " + std::to_string(d)), measured[d], layer.domains[d].*figure);
      };
      const MeasuredRouting& measured = profile.measured;
      REQUIRE(measured.max_over_mean.size() == static_cast<std::size_t>(preset.domains));
      compare("max/mean", measured.max_over_mean, &DomainRoutingStatistics::max_over_mean);
      compare("entropy", measured.entropy_bits, &DomainRoutingStatistics::entropy_bits);
      compare("overlap", measured.previous_token_overlap, &DomainRoutingStatistics::previous_token_overlap);
      compare("repeats", measured.first_choice_repeat, &DomainRoutingStatistics::first_choice_repeat);
      compare("imbalance", measured.ep8_imbalance, &DomainRoutingStatistics::ep8_imbalance);
      REQUIRE(measured.distinct_experts.size() == kDecodeBatches.size());
      for (std::size_t i = 0; i < kDecodeBatches.size(); ++i)
        comparison.add("experts of a batch of " + std::to_string(kDecodeBatches[i]),
                       measured.distinct_experts[i], layer.distinct_experts[i]);
    }
    comparison.finish();
    CHECK(statistics.domain_load_cosine == Approx(preset.measured_domain_load_cosine.value()).epsilon(0.05));
  }
}

TEST_CASE("DeepSeek-V2-Lite's preset has the statistics of its recording, computed elsewhere") {
  const auto file = shared_data("routing/stats.json");
  if (!file) {
    WARN("skipped: no routing/stats.json");
    return;
  }
  const Json recorded = read_json_file(file->string());
  const RoutingStatistics statistics = statistics_of("deepseek-v2-lite");
  Comparison comparison;
  std::size_t domain = 0;
  for (const char* name : {"esft_intent", "esft_law", "esft_summary", "esft_translation"}) {
    const Json& layers = recorded.at(name).at("layers");
    REQUIRE(layers.size() == statistics.layers.size());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const DomainRoutingStatistics& generated = statistics.layers[l].domains.at(domain);
      const auto compare = [&](const char* key, double value) {
        comparison.add(name + (" " + std::string(key)), layers[l].at(key).get<double>(), value);
      };
      compare("max_over_mean", generated.max_over_mean);
      compare("entropy_bits", generated.entropy_bits);
      compare("overlap_prev", generated.previous_token_overlap);
      compare("ep8_mb256_max_over_mean", generated.ep8_imbalance);
    }
    ++domain;
  }
  comparison.finish();
  double cosine = 0.0;
  for (const auto& [pair, value] : recorded.at("task_load_cosine").items())
    cosine += value.get<double>() / 6.0;
  CHECK(statistics.domain_load_cosine == Approx(cosine).epsilon(0.05));
}

// Mixtral of Experts, arXiv:2401.04088, table 5, mean of its domains; 12.5 % would be chance.
TEST_CASE("Mixtral's preset repeats first choices most in the middle of the model") {
  const RoutingStatistics statistics = statistics_of("mixtral-8x7b");
  CHECK(statistics.layers[0].first_choice_repeat == Approx(0.14).epsilon(0.1));
  CHECK(statistics.layers[15].first_choice_repeat == Approx(0.27).epsilon(0.1));
  CHECK(statistics.layers[31].first_choice_repeat == Approx(0.22).epsilon(0.1));
}

TEST_CASE("The bank of every model of the catalogue takes less than 256 MiB") {
  for (const std::string& name : model_names()) {
    const Architecture model = read_model(Json(name), Json::object(), ".", "test");
    if (model.moe_layers() == 0) continue;
    const StreamPool pool = pool_of(model, read_routing_preset(model.routing_preset, ""));
    double bytes = 0.0;  // rows of two bytes, prefix sums of four every 16 tokens
    for (const Layer& layer : model.layers) {
      if (!layer.moe) continue;
      const double tokens = static_cast<double>(pool.streams) * pool.length;
      bytes += tokens * 2.0 * static_cast<double>(layer.moe->gate.num_experts_per_tok);
      bytes += tokens / 16.0 * 4.0 * static_cast<double>(layer.moe->gate.num_experts);
    }
    INFO(name);
    CHECK(bytes > 0.0);
    CHECK(bytes < 256.0 * 1024 * 1024);
  }
}
