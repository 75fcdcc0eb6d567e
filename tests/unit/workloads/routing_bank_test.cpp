// The routing bank: what it conserves, how it wraps, and what its presets do to the load.
#include "workloads/routing/bank.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "sim/base/error.hpp"
#include "tests/support/routed_model.hpp"
#include "workloads/routing/normal_numbers.hpp"
#include "workloads/routing/statistics.hpp"

using namespace switchyard;

namespace {

GateShape gate(std::int64_t experts, std::int64_t k) {
  GateShape shape;
  shape.num_experts = experts;
  shape.num_experts_per_tok = k;
  return shape;
}

Architecture small_model() { return routed_model(3, gate(32, 4), 512, "softmax_topk_renorm"); }
RoutingPreset random_preset() { return read_routing_preset("random", "/routing/preset"); }

ExpertCounts count_singly(const RoutingBank& bank, const TokenRun& run) {
  ExpertCounts counts = bank.empty_counts();
  for (std::int64_t t = 0; t < run.tokens; ++t) {
    for (std::int64_t l = 0; l < bank.moe_layers(); ++l) {
      const std::uint64_t position = run.position + static_cast<std::uint64_t>(t);
      for (const std::uint16_t e : bank.experts_of(run.stream, position, l)) ++counts.layer(l)[e];
    }
  }
  return counts;
}

}  // namespace

TEST_CASE(
    "A run's counts are the sum of its tokens' experts, wherever it starts and however often it wraps") {
  RoutingPreset preset = random_preset();
  preset.domains = GENERATE(1, 5, 64);
  const RoutingBank bank(small_model(), preset, 1);
  const std::uint64_t length = bank.stream_length();
  for (const std::uint64_t position :
       {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{16}, length - 1, length, 7 * length + 3}) {
    for (const std::int64_t tokens :
         {0L, 1L, 15L, 16L, 17L, 100L, static_cast<long>(length), static_cast<long>(2 * length + 21)}) {
      INFO(position << " + " << tokens);
      const TokenRun run{static_cast<std::uint32_t>(tokens % bank.streams()), position, tokens};
      ExpertCounts counts = bank.empty_counts();
      bank.add(run, counts);
      REQUIRE(counts.counts == count_singly(bank, run).counts);
      for (std::int64_t l = 0; l < bank.moe_layers(); ++l) {
        const auto load = counts.layer(l);
        REQUIRE(std::accumulate(load.begin(), load.end(), std::int64_t{0}) == tokens * bank.top_k());
      }
    }
  }
}

TEST_CASE("A run goes on in the next stream of its domain, and from the last in the first") {
  RoutingPreset preset = random_preset();
  preset.domains = 5;
  const RoutingBank bank(small_model(), preset, 1);
  const std::uint64_t length = bank.stream_length();
  const auto experts = [&](std::uint32_t stream, std::uint64_t position) {
    const auto chosen = bank.experts_of(stream, position, 1);
    return std::vector<std::uint16_t>(chosen.begin(), chosen.end());
  };
  CHECK(experts(3, length + 7) == experts(8, 7));
  CHECK(experts(3, 2 * length + 7) == experts(13, 7));
  const std::uint32_t last = bank.streams() - 1;
  CHECK(experts(last, length + 7) == experts(last % 5, 7));
}

TEST_CASE("A long prompt visits as many experts as its tokens would, not as those of one short stream") {
  const Architecture wide = routed_model(58, gate(256, 8), 7168, "softmax_topk");
  const RoutingBank bank(wide, random_preset(), 1);
  ExpertCounts counts = bank.empty_counts();
  bank.add({0, 0, 4096}, counts);
  std::int64_t active = 0;
  for (std::int64_t l = 0; l < bank.moe_layers(); ++l)
    for (const std::uint32_t rows : counts.layer(l)) active += rows > 0;
  CHECK(static_cast<double>(active) / 58.0 > 250.0);
}

TEST_CASE("Layers may have gates of different sizes") {
  Architecture mixed = small_model();
  mixed.layers[1].moe->gate = gate(8, 2);
  mixed.layers[2].moe.reset();
  const RoutingBank bank(mixed, random_preset(), 1);
  REQUIRE(bank.moe_layers() == 2);
  ExpertCounts counts = bank.empty_counts();
  bank.add({0, 0, 10}, counts);
  CHECK(std::accumulate(counts.layer(0).begin(), counts.layer(0).end(), 0u) == 40);
  CHECK(std::accumulate(counts.layer(1).begin(), counts.layer(1).end(), 0u) == 20);
  CHECK(std::accumulate(counts.layer(1).begin() + 8, counts.layer(1).end(), 0u) == 0);
}

TEST_CASE("A model without MoE layers has an empty bank that can be read") {
  const RoutingBank bank(routed_model(0, gate(8, 2), 64, ""), random_preset(), 1);
  ExpertCounts counts = bank.empty_counts();
  bank.add({0, 3, 1000}, counts);
  CHECK(counts.counts.empty());
}

TEST_CASE("The same seed gives the same bank and another seed another one") {
  const auto whole = [](std::uint64_t seed) {
    const RoutingBank bank(small_model(), random_preset(), seed);
    ExpertCounts counts = bank.empty_counts();
    bank.add({2, 1, 50}, counts);
    return counts.counts;
  };
  CHECK(whole(1) == whole(1));
  CHECK(whole(1) != whole(2));
}

TEST_CASE("A pool is made of multiples of 16 and stays small for the largest gates") {
  for (const std::int64_t experts : {8, 128, 256, 1024}) {
    const StreamPool pool =
        pool_of(routed_model(60, gate(experts, 8), 7168, "softmax_topk"), random_preset());
    CHECK(pool.streams % 16 == 0);
    CHECK(pool.length % 16 == 0);
    CHECK(pool.streams * pool.length >= 64 * 16);
    CHECK(pool.streams * pool.length <= 128 * 256);
  }
}

// The norms of a random gate's rows differ by a part in sqrt(2 width), so a wide model is the balanced one.
TEST_CASE("Random routing is balanced and has no memory") {
  const RoutingBank bank(routed_model(3, gate(32, 4), 16384, "softmax_topk_renorm"), random_preset(), 1);
  const RoutingStatistics statistics = routing_statistics(bank);
  REQUIRE(statistics.layers.size() == 3);
  for (const LayerRoutingStatistics& layer : statistics.layers) {
    CHECK(layer.max_over_mean < 1.08);
    CHECK(layer.entropy_bits > 4.998);
    CHECK(layer.previous_token_overlap == Approx(4.0 * 4.0 / 32.0).epsilon(0.05));
    CHECK(layer.first_choice_repeat == Approx(1.0 / 32.0).epsilon(0.15));
  }
}

TEST_CASE("A batch of random tokens visits as many experts as independent draws would") {
  const RoutingBank bank(small_model(), random_preset(), 1);
  constexpr int kBatch = 8;
  double distinct = 0.0;
  int batches = 0;
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream) {
    for (std::uint32_t first = 0; first + kBatch <= bank.stream_length(); first += kBatch, ++batches) {
      std::set<std::uint16_t> seen;
      for (std::uint32_t t = first; t < first + kBatch; ++t) {
        for (const std::uint16_t e : bank.experts_of(stream, t, 0)) seen.insert(e);
      }
      distinct += static_cast<double>(seen.size());
    }
  }
  CHECK(distinct / batches == Approx(32.0 * (1.0 - std::pow(1.0 - 4.0 / 32.0, kBatch))).epsilon(0.01));
}

TEST_CASE("Shares of variance skew the load, repeat experts and tell domains apart") {
  RoutingPreset preset = random_preset();
  const RoutingStatistics even = routing_statistics(RoutingBank(small_model(), preset, 1));
  preset.domains = 4;
  preset.domain_share = 0.3;
  preset.sequence_share = 0.3;
  const RoutingStatistics skewed = routing_statistics(RoutingBank(small_model(), preset, 1));
  for (std::size_t l = 0; l < 3; ++l) {
    CHECK(skewed.layers[l].max_over_mean > 1.5 * even.layers[l].max_over_mean);
    CHECK(skewed.layers[l].entropy_bits < even.layers[l].entropy_bits - 0.1);
    CHECK(skewed.layers[l].first_choice_repeat > 2.0 * even.layers[l].first_choice_repeat);
    CHECK(skewed.layers[l].ep8_imbalance > even.layers[l].ep8_imbalance);
  }
  CHECK(even.domain_load_cosine == 1.0);
  CHECK(skewed.domain_load_cosine < 0.9);
}

TEST_CASE("A Zipf bias on the gate makes the first experts the busiest in every layer") {
  RoutingPreset preset = random_preset();
  preset.gate_bias_zipf = 1.0;
  const RoutingBank bank(small_model(), preset, 1);
  ExpertCounts counts = bank.empty_counts();
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream)
    bank.add({stream, 0, bank.stream_length()}, counts);
  for (std::int64_t l = 0; l < bank.moe_layers(); ++l) {
    CHECK(counts.layer(l)[0] > 2 * counts.layer(l)[7]);
    CHECK(counts.layer(l)[7] > counts.layer(l)[31]);
  }
}

TEST_CASE("A model with more experts than dimensions routes at full width") {
  const RoutingBank bank(routed_model(1, gate(64, 2), 16, "noaux_tc"), random_preset(), 1);
  CHECK(bank.gate(0).hidden_size == 16);
}

TEST_CASE("A bank routed in bf16 makes another choice only where scores are close") {
  RoutingPreset preset = random_preset();
  const RoutingBank fp32(small_model(), preset, 1);
  preset.arithmetic = ScoreFormat::bf16;
  const RoutingBank bf16(small_model(), preset, 1);
  std::int64_t same = 0, all = 0;
  for (std::uint32_t stream = 0; stream < 16; ++stream) {
    for (std::uint64_t position = 0; position < 16; ++position) {
      const auto expected = fp32.experts_of(stream, position, 0);
      const auto experts = bf16.experts_of(stream, position, 0);
      for (std::size_t i = 0; i < experts.size(); ++i, ++all) same += experts[i] == expected[i];
    }
  }
  CHECK(same > all * 95 / 100);
  CHECK(same < all);
}

TEST_CASE("Normal numbers have the moments and tails of N(0, 1)") {
  NormalNumbers numbers(Random(1, "test"));
  std::vector<float> values(1000001);
  numbers.fill(values);
  double sum = 0, square = 0, fourth = 0;
  int beyond_one = 0, beyond_edge = 0;
  for (const double x : values) {
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
    beyond_one += std::abs(x) > 1.0;
    beyond_edge += std::abs(x) > 3.5;
  }
  const auto n = static_cast<double>(values.size());
  CHECK(std::abs(sum / n) < 0.004);
  CHECK(square / n == Approx(1.0).epsilon(0.006));
  CHECK(fourth / n == Approx(3.0).epsilon(0.02));
  CHECK(beyond_one / n == Approx(0.317311).epsilon(0.006));
  CHECK(beyond_edge / n == Approx(4.6526e-4).epsilon(0.2));
}

TEST_CASE("The result is the same whatever the number of threads that build a bank") {
  const std::string preset = GENERATE("random", "deepseek-v2-lite", "mixtral-8x7b");
  const Choice choice = GENERATE(Choice::gates, Choice::uniform);
  const Architecture model = routed_model(5, gate(32, 4), 512, "softmax_topk_renorm");
  const auto rows = [&](std::int64_t threads) {
    const RoutingBank bank(model, read_routing_preset(preset, "/routing/preset"), 7, choice, {}, threads);
    const TokenRun whole{bank.first_stream(0), 0, static_cast<std::int64_t>(bank.ring_length(0))};
    CHECK(bank.counts_of_domain(0).counts == count_singly(bank, whole).counts);
    std::vector<std::uint16_t> experts;
    for (const RecordedSequence& sequence : bank.recording().sequences)
      experts.insert(experts.end(), sequence.experts.begin(), sequence.experts.end());
    return experts;
  };
  const auto alone = rows(1);
  for (const std::int64_t threads : {2, 3, 7}) CHECK(rows(threads) == alone);
}

TEST_CASE("What is wrong with a gate is said whatever the number of threads") {
  const std::int64_t threads = GENERATE(1, 2, 5);
  const Architecture model = routed_model(3, gate(32, 4), 512, "switch_top1");
  CHECK_THROWS_WITH(RoutingBank(model, random_preset(), 1, Choice::gates, {}, threads),
                    Catch::Contains("expert router"));
}
