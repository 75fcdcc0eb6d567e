// The statistics of a bank: by domain, and over decode batches.
#include "workloads/routing/statistics.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <ctime>

#include "tests/support/routed_model.hpp"

using namespace switchyard;

namespace {

RoutingPreset topics(std::int64_t domains, double share) {
  RoutingPreset preset;
  preset.domains = domains;
  preset.domain_share = share;
  return preset;
}

enum class Domains { one, each };  // for all sequences, or for each its own

/// `sequences` of one length. Token t chooses the experts t and t + 1 of 64, in every other sequence those
/// `shift` further.
RoutingRecording recorded(std::int64_t sequences, std::int64_t length, Domains domains,
                          std::int64_t shift = 0) {
  RoutingRecording recording{1, 2, {}};
  for (std::int64_t s = 0; s < sequences; ++s) {
    RecordedSequence sequence{std::to_string(s), domains == Domains::each ? std::to_string(s) : "", {}};
    for (std::int64_t t = 0; t < length; ++t)
      for (std::int64_t i = 0; i < 2; ++i)
        sequence.experts.push_back(static_cast<std::uint16_t>((t + i + s % 2 * shift) % 64));
    recording.sequences.push_back(std::move(sequence));
  }
  return recording;
}

/// Of the processor, for the statistics of a recording.
double seconds(const RoutingRecording& recording) {
  const RoutingBank bank(routed_model(1, 64, 2), recording, "test");
  const std::clock_t start = std::clock();
  CHECK(routing_statistics(bank).tokens == bank.tokens());
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// Experts that `batch` independent tokens visit, each k of n uniformly.
double visited(double n, double k, double batch) { return n * (1.0 - std::pow(1.0 - k / n, batch)); }

}  // namespace

TEST_CASE("A layer's figures are the means of its domains'") {
  const RoutingStatistics statistics =
      routing_statistics(RoutingBank(routed_model(2, 32, 4), topics(3, 0.3), 1));
  for (const LayerRoutingStatistics& layer : statistics.layers) {
    REQUIRE(layer.domains.size() == 3);
    DomainRoutingStatistics mean;
    for (const DomainRoutingStatistics& domain : layer.domains) {
      CHECK(domain.max_over_mean > 1.2);
      mean.max_over_mean += domain.max_over_mean / 3.0;
      mean.entropy_bits += domain.entropy_bits / 3.0;
      mean.previous_token_overlap += domain.previous_token_overlap / 3.0;
      mean.first_choice_repeat += domain.first_choice_repeat / 3.0;
      mean.ep8_imbalance += domain.ep8_imbalance / 3.0;
    }
    CHECK(layer.max_over_mean == Approx(mean.max_over_mean));
    CHECK(layer.entropy_bits == Approx(mean.entropy_bits));
    CHECK(layer.previous_token_overlap == Approx(mean.previous_token_overlap));
    CHECK(layer.first_choice_repeat == Approx(mean.first_choice_repeat));
    CHECK(layer.ep8_imbalance == Approx(mean.ep8_imbalance));
  }
}

TEST_CASE("Decode batches of unlike tokens visit as many experts as independent draws would") {
  const RoutingStatistics statistics =
      routing_statistics(RoutingBank(routed_model(2, 64, 6), RoutingPreset(), 1));
  for (std::size_t i = 0; i < kDecodeBatches.size(); ++i) {
    INFO("a batch of " << kDecodeBatches[i]);
    CHECK(statistics.distinct_experts[i] == Approx(visited(64, 6, kDecodeBatches[i])).epsilon(0.01));
    CHECK(
        statistics.distinct_experts[i] ==
        Approx((statistics.layers[0].distinct_experts[i] + statistics.layers[1].distinct_experts[i]) / 2.0));
  }
}

TEST_CASE("A batch of tokens of different domains visits more experts than its skewed loads one by one") {
  const RoutingStatistics alike = routing_statistics(RoutingBank(routed_model(2, 64, 6), topics(1, 0.5), 1));
  const RoutingStatistics mixed = routing_statistics(RoutingBank(routed_model(2, 64, 6), topics(8, 0.5), 1));
  CHECK(mixed.layers[0].distinct_experts[2] > 1.1 * alike.layers[0].distinct_experts[2]);
  CHECK(mixed.layers[0].max_over_mean == Approx(alike.layers[0].max_over_mean).epsilon(0.5));
}

// 256 tokens of one domain, streams following each other, so that the imbalance of a domain is not averaged
// away over several.
TEST_CASE("The imbalance of ranks is that of batches of one domain") {
  const RoutingStatistics one = routing_statistics(RoutingBank(routed_model(4, 64, 6), topics(1, 0.4), 1));
  const RoutingStatistics eight = routing_statistics(RoutingBank(routed_model(4, 64, 6), topics(8, 0.4), 1));
  double single = 0.0, several = 0.0;
  for (std::size_t layer = 0; layer < 4; ++layer) {
    single += one.layers[layer].ep8_imbalance / 4.0;
    several += eight.layers[layer].ep8_imbalance / 4.0;
  }
  CHECK(several == Approx(single).epsilon(0.2));
  CHECK(several > 1.3);
}

TEST_CASE("Statistics take time by tokens, however they are cut into sequences and domains") {
  const double cut = seconds(recorded(300, 200, Domains::one));
  CHECK(seconds(recorded(1, 60000, Domains::one)) < 10.0 * cut + 0.01);
  const double together = seconds(recorded(6000, 1, Domains::one));
  CHECK(seconds(recorded(6000, 1, Domains::each)) < 20.0 * together + 0.02);
}

TEST_CASE("Decode batches of one long sequence take tokens from all over it") {
  // 40,000 tokens: a batch of n has tokens 40,000 / n apart, which choose experts as far apart, mod 64.
  const RoutingStatistics one =
      routing_statistics(RoutingBank(routed_model(1, 64, 2), recorded(1, 40000, Domains::one), "test"));
  // 1 · 4 apart by 10,000 = 16 mod 64 · 16 apart by 2500 = 4 · 64 by 625 = 49, a generator · 256 by 156 = 28,
  // so 16 different remainders
  const std::array<double, 5> visited{2, 8, 32, 64, 32};
  for (std::size_t i = 0; i < visited.size(); ++i)
    CHECK(one.layers[0].distinct_experts[i] == Approx(visited[i]).epsilon(0.01));
}

TEST_CASE("Loads of many domains are compared as those of few are") {
  // Half of them choose experts 0 and 1, half 32 and 33: of 4950 pairs of 100, 2 x 1225 are alike.
  const auto cosine = [](std::int64_t domains) {
    return routing_statistics(
               RoutingBank(routed_model(1, 64, 2), recorded(domains, 1, Domains::each, 32), "test"))
        .domain_load_cosine;
  };
  CHECK(cosine(100) == Approx(2450.0 / 4950.0));
  CHECK(cosine(10) == Approx(20.0 / 45.0));
}
