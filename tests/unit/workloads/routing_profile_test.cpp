// Expert profiles: what a bias does to the load, how neighbours are correlated, and gates of another size.
#include "workloads/routing/profile.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "tests/support/routed_model.hpp"
#include "workloads/routing/generated_gate.hpp"
#include "workloads/routing/statistics.hpp"

using namespace switchyard;

namespace {

ExpertProfile flat(double depth, std::size_t domains, std::size_t experts) {
  ExpertProfile profile;
  profile.depth = depth;
  profile.neighbour_correlation.assign(domains, 0.0);
  profile.expert_bias.assign(domains, std::vector<double>(experts));
  return profile;
}

RoutingPreset preset_of(std::vector<ExpertProfile> profiles) {
  RoutingPreset preset;
  preset.domains = static_cast<std::int64_t>(profiles.front().expert_bias.size());
  preset.profiles = std::move(profiles);
  return preset;
}

/// Biases of 64 experts that fall from 1 to -1.
ExpertProfile sloping(double depth) {
  ExpertProfile profile = flat(depth, 1, 64);
  for (std::size_t e = 0; e < 64; ++e) profile.expert_bias[0][e] = 1.0 - 2.0 * static_cast<double>(e) / 63.0;
  return profile;
}

/// Share of a domain's tokens that choose the expert.
double share_of(const RoutingBank& bank, std::int64_t domain, std::int64_t layer, std::uint16_t expert) {
  double chosen = 0.0, tokens = 0.0;
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream) {
    if (bank.domain_of(stream) != domain) continue;
    for (std::uint32_t t = 0; t < bank.stream_length(); ++t, ++tokens) {
      const auto experts = bank.experts_of(stream, t, layer);
      chosen += static_cast<double>(std::count(experts.begin(), experts.end(), expert));
    }
  }
  return chosen / tokens;
}

}  // namespace

// 6 of 64 experts are chosen, so the threshold is near the normal distribution's upper quantile of 6 / 64, at
// 1.318 deviations; one expert's bias of 1 leaves it 0.318 below: chosen with probability 0.375.
TEST_CASE("A bias raises an expert's load in its domain alone, as a probit does") {
  ExpertProfile profile = flat(0.0, 2, 64);
  profile.expert_bias[0][5] = 1.0;
  const RoutingBank bank(routed_model(1, 64, 6), preset_of({profile}), 1);
  CHECK(share_of(bank, 0, 0, 5) == Approx(0.375).epsilon(0.05));
  CHECK(share_of(bank, 1, 0, 5) == Approx(6.0 / 64.0).epsilon(0.1));
}

TEST_CASE("The mean of the other parts does not move a profile's loads") {
  RoutingPreset preset = preset_of({flat(0.0, 1, 64)});
  preset.token_share = 0.4;
  preset.sequence_share = 0.2;
  preset.drift_tokens = 20.0;
  const RoutingStatistics statistics = routing_statistics(RoutingBank(routed_model(2, 64, 6), preset, 1));
  for (const LayerRoutingStatistics& layer : statistics.layers) CHECK(layer.max_over_mean < 1.2);
}

TEST_CASE("Neighbours share more experts or fewer, as their noise is correlated") {
  const auto overlap = [](double correlation) {
    ExpertProfile profile = flat(0.0, 1, 64);
    profile.neighbour_correlation[0] = correlation;
    return routing_statistics(RoutingBank(routed_model(1, 64, 6), preset_of({profile}), 1))
        .layers[0]
        .previous_token_overlap;
  };
  CHECK(overlap(0.0) == Approx(6.0 * 6.0 / 64.0).epsilon(0.05));
  CHECK(overlap(0.6) > 2.0 * overlap(0.0));
  CHECK(overlap(-0.6) < 0.5 * overlap(0.0));
}

TEST_CASE("Correlations are linear between profiles, shares between their knots") {
  ExpertProfile first = flat(0.2, 1, 4), last = flat(0.6, 1, 4);
  first.neighbour_correlation[0] = 0.1;
  last.neighbour_correlation[0] = 0.5;
  const RoutingPreset preset = preset_of({first, last});
  CHECK(preset.neighbour_correlation(0.0, 0) == Approx(0.1));
  CHECK(preset.neighbour_correlation(0.3, 0) == Approx(0.2));
  CHECK(preset.neighbour_correlation(0.6, 0) == Approx(0.5));
  CHECK(preset.neighbour_correlation(1.0, 0) == Approx(0.5));
  const OverDepth share(std::vector<double>{0.0, 1.0, 0.5});
  CHECK(share.at(0.25) == Approx(0.5));
  CHECK(share.at(0.75) == Approx(0.75));
  CHECK(share.at(1.0) == Approx(0.5));
}

TEST_CASE("Experts keep the recording's order in layers as deep as it, and get another elsewhere") {
  const RoutingPreset preset = preset_of({sloping(0.0), sloping(1.0)});
  const auto origins = [&](double depth, std::int64_t experts) {
    Random random(1, "test");
    return origins_of(preset, depth, experts, random);
  };
  std::vector<std::size_t> order(64);
  for (std::size_t e = 0; e < 64; ++e) order[e] = e;
  CHECK(origins(1.0, 64).experts == order);
  CHECK(origins(1.0, 64).profile == &preset.profiles[1]);
  CHECK(origins(0.5, 64).profile == &preset.profiles[0]);
  std::vector<std::size_t> elsewhere = origins(0.4, 64).experts;
  CHECK(elsewhere != order);
  std::sort(elsewhere.begin(), elsewhere.end());
  CHECK(elsewhere == order);
}

TEST_CASE("Gates of another size draw their experts at equal distances of popularity") {
  const RoutingPreset preset = preset_of({sloping(0.0)});
  for (const std::int64_t experts : {8, 256}) {
    Random random(1, "test");
    std::vector<std::size_t> chosen = origins_of(preset, 0.0, experts, random).experts;
    std::sort(chosen.begin(), chosen.end());
    if (experts == 8) CHECK(chosen == std::vector<std::size_t>{3, 11, 19, 27, 35, 43, 51, 59});
    for (std::int64_t e = 0; experts == 256 && e < experts; ++e)
      REQUIRE(chosen[e] == static_cast<std::size_t>(e / 4));
  }
  const auto skew = [&](std::int64_t experts, std::int64_t top_k) {
    return routing_statistics(RoutingBank(routed_model(1, experts, top_k), preset, 1))
        .layers[0]
        .max_over_mean;
  };
  CHECK(skew(256, 24) == Approx(skew(64, 6)).epsilon(0.1));
}

TEST_CASE("Gates of very many experts are routed in a narrower subspace, in which none is a favourite") {
  const RoutingPreset preset = preset_of({flat(0.0, 2, 64)});
  CHECK(routed_dimension(64, 2048, preset) == 64 + 2);
  CHECK(routed_dimension(64, 16, preset) == 16 + 2);
  CHECK(routed_dimension(512, 4096, preset) == 256 + 2);
  CHECK(routed_dimension(2048, 4096, preset) == 64 + 2);
  CHECK(routed_dimension(2048, 4096, RoutingPreset()) == 2048);
  const GeneratedGate gate =
      generate_gate(routed_model(1, 2048, 8).layers[0].moe->gate, 4096, preset, 1, 0, 1);
  for (std::size_t e = 0; e < 2048; ++e) {
    double square = 0.0;
    for (std::size_t j = 0; j < 64; ++j) square += std::pow(gate.weights[e * 66 + j] / 0.02, 2);
    REQUIRE(std::sqrt(square) == Approx(64.0).epsilon(0.07));  // chi with 4096 degrees: deviation 0.7
  }
}
