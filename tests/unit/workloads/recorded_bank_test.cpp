// Banks of recorded choices: streams of any length, and what cannot be the model's.
#include <catch2/catch.hpp>
#include <functional>
#include <numeric>

#include "sim/base/error.hpp"
#include "workloads/routing/bank.hpp"
#include "workloads/routing/statistics.hpp"

using namespace switchyard;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t kExperts = 8;

/// Three MoE layers between two dense ones.
Architecture model() {
  Architecture result;
  result.name = "test";
  result.hidden_size = 64;
  Layer dense, routed;
  routed.moe = MoeFfn{};
  routed.moe->router = "softmax_topk";
  routed.moe->gate.num_experts = kExperts;
  routed.moe->gate.num_experts_per_tok = 2;
  result.layers = {dense, routed, routed, routed, dense};
  return result;
}

/// Token t of a sequence chooses, in layer l, the experts t + l and t + l + 1.
RecordedSequence sequence(const std::string& name, const std::string& domain, std::int64_t tokens,
                          std::int64_t layers = 3) {
  RecordedSequence result{name, domain, {}};
  for (std::int64_t t = 0; t < tokens; ++t)
    for (std::int64_t l = 0; l < layers; ++l)
      for (std::int64_t i = 0; i < 2; ++i)
        result.experts.push_back(static_cast<std::uint16_t>((t + l + i) % kExperts));
  return result;
}

RoutingRecording recording() {
  return {
      3, 2, {sequence("a", "x", 5), sequence("b", "y", 37), sequence("c", "x", 131), sequence("d", "y", 1)}};
}

ExpertCounts count_singly(const RoutingBank& bank, const TokenRun& run) {
  ExpertCounts counts = bank.empty_counts();
  for (std::int64_t t = 0; t < run.tokens; ++t)
    for (std::int64_t l = 0; l < bank.moe_layers(); ++l)
      for (const std::uint16_t e :
           bank.experts_of(run.stream, run.position + static_cast<std::uint64_t>(t), l))
        ++counts.layer(l)[e];
  return counts;
}

std::string refusal(const RoutingRecording& recorded) {
  try {
    RoutingBank(model(), recorded, "s.json: /routing/trace");
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("Recorded sequences are streams of their own lengths, and those of a domain form a ring") {
  const RoutingBank bank(model(), recording(), "test");
  REQUIRE(bank.streams() == 4);
  CHECK(bank.domains() == 2);
  CHECK(bank.tokens() == 5 + 37 + 131 + 1);
  CHECK(bank.stream_length(1) == 37);
  CHECK(bank.domain_of(2) == 0);
  const auto first = [&](std::uint32_t stream, std::uint64_t position) {
    return bank.experts_of(stream, position, 1)[0];
  };
  CHECK(first(0, 4) == 5);
  CHECK(first(0, 5) == 1);             // the first of c
  CHECK(first(0, 5 + 131 + 3) == 4);   // round the ring
  CHECK(first(1, 37) == first(3, 0));  // d after b
}

TEST_CASE("Runs over rings of odd lengths count what their tokens chose") {
  const RoutingBank bank(model(), recording(), "test");
  for (std::uint32_t stream = 0; stream < 4; ++stream)
    for (const std::uint64_t position : {0u, 1u, 15u, 16u, 127u, 130u, 135u, 136u, 500u})
      for (const std::int64_t tokens : {0, 1, 9, 16, 38, 120, 136, 137, 300}) {
        INFO(stream << " at " << position << " + " << tokens);
        ExpertCounts counts = bank.empty_counts();
        bank.add({stream, position, tokens}, counts);
        REQUIRE(counts.counts == count_singly(bank, {stream, position, tokens}).counts);
      }
}

TEST_CASE("Requests start at a token drawn uniformly of all, however unequal the sequences are") {
  RoutingRecording unequal{3, 2, {}};
  for (int i = 0; i < 9; ++i)
    unequal.sequences.push_back(sequence(std::to_string(i), "", i == 4 ? 20000 : 1));
  const RoutingBank bank(model(), unequal, "test");
  Random random(1, "places");
  constexpr int kDraws = 20000;
  int in_short_ones = 0, in_the_first_half = 0;
  for (int i = 0; i < kDraws; ++i) {
    const TokenRun run = bank.draw_place(random);
    REQUIRE(run.position < bank.stream_length(run.stream));
    in_short_ones += run.stream != 4;
    in_the_first_half += run.stream == 4 && run.position < 10000;
  }
  CHECK(in_short_ones < 40);  // 8 are expected
  CHECK(in_the_first_half == Approx(kDraws / 2).epsilon(0.05));
}

TEST_CASE("A recording may have a layer for every layer of the model: dense ones are passed over") {
  RoutingRecording all{5, 2, {sequence("a", "", 20, 5)}};
  for (std::size_t t = 0; t < 20; ++t)
    for (const std::size_t l : {0u, 4u})
      all.sequences[0].experts[(t * 5 + l) * 2 + 1] = 0;  // as vLLM leaves them
  const RoutingBank bank(model(), all, "test");
  CHECK(bank.moe_layers() == 3);
  CHECK(bank.experts_of(0, 3, 0)[0] == 4);  // layer 1 of the model
}

TEST_CASE("A recording of another model is refused with what differs") {
  const std::string where = "s.json: /routing/trace: ";
  CHECK_THAT(refusal({4, 2, {sequence("a", "", 5, 4)}}),
             Contains(where + "has 4 layers; test has 3 with experts of 5"));
  RoutingRecording other = recording();
  other.top_k = 1;
  CHECK_THAT(refusal(other), Contains(where + "has 1 experts a token and layer; test chooses 2"));
  other = recording();
  other.sequences[1].experts[9 * 6 + 4] = 8;
  CHECK_THAT(refusal(other), Contains("\"b\", token 9, layer 2 has expert 8; the model's are 0 to 7"));
  other.sequences[1].experts[9 * 6 + 4] = other.sequences[1].experts[9 * 6 + 5];
  CHECK_THAT(refusal(other), Contains("token 9, layer 2 has expert") && Contains("twice"));
  other.sequences[1].experts[9 * 6 + 4] = kNotRecorded;
  CHECK_THAT(refusal(other), Contains("does not have the 2 experts"));
}

TEST_CASE("A recording of too many domains for its sums is refused") {
  Architecture wide = model();
  for (Layer& layer : wide.layers)
    if (layer.moe) layer.moe->gate.num_experts = 2048;
  RoutingRecording many{3, 2, {}};
  for (int i = 0; i < 6000; ++i) many.sequences.push_back(sequence(std::to_string(i), std::to_string(i), 1));
  CHECK_THROWS_WITH(RoutingBank(wide, many, "test"),
                    Contains("more than 256 MiB") && Contains("6000 domains"));
}

TEST_CASE("Recorded domains keep their names") {
  RoutingRecording recorded = recording();
  recorded.sequences.push_back(sequence("e", "", 3));
  const RoutingBank bank(model(), recorded, "test");
  const RoutingBank again(model(), bank.recording(), "test");
  for (const RoutingBank* named : {&bank, &again}) {
    REQUIRE(named->domains() == 3);
    CHECK(named->domain_name(0) == "x");
    CHECK(named->domain_name(1) == "y");
    CHECK(named->domain_name(2) == "domain 2");
  }
  CHECK(again.recording().sequences[1].name == "y/stream_0001");
}

TEST_CASE("A bank made of a bank's recording has the same rows and rings") {
  const RoutingPreset preset = read_routing_preset("mixtral-8x7b", "test");
  Architecture mixed = model();
  mixed.layers[2].moe->gate.num_experts_per_tok = 1;
  const RoutingBank bank(mixed, preset, 1);
  const RoutingBank again(mixed, bank.recording(), "test");
  REQUIRE(again.streams() == bank.streams());
  REQUIRE(again.domains() == bank.domains());
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream) {
    const TokenRun run{stream, stream, 3 * bank.stream_length(stream)};
    ExpertCounts counts = bank.empty_counts(), same = again.empty_counts();
    bank.add(run, counts);
    again.add(run, same);
    REQUIRE(counts.counts == same.counts);
  }
}
