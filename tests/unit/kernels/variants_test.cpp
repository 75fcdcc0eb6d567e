// What every numbered variant of the gates' arithmetic promises: the reference's scores within the error that
// it states, and the reference's choice to the index whatever the scores are.
#include "kernels/variants.hpp"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/bf16_primitives.hpp"

using namespace switchyard;

namespace {

/// Calls test(variant, arithmetic) for those variants that this machine can run.
template <class Test>
void for_each_variant(Test test) {
  for (const GateVariant& variant : gate_variants()) {
    const GateArithmetic* arithmetic = variant.arithmetic();
    if (arithmetic == nullptr) {
      WARN("skipped: this machine cannot run variant " << variant.name);
      continue;
    }
    INFO("variant " << variant.number << ", " << variant.name);
    test(variant, *arithmetic);
  }
}

class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : engine_(seed) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  float uniform() { return static_cast<float>(engine_()) * 0x1p-31f - 1.0f; }
  std::vector<float> uniforms(std::int64_t count) {
    std::vector<float> result(static_cast<std::size_t>(count));
    for (float& value : result) value = uniform();
    return result;
  }

 private:
  std::mt19937 engine_;
};

struct Gate {
  GateShape shape;
  std::int64_t tokens;
  std::vector<float> hidden, weights, logit_bias;

  GateInput input() const { return {shape, tokens, hidden, weights, logit_bias, {}}; }
  std::vector<float> scores(const GateArithmetic& arithmetic) const {
    std::vector<float> result(static_cast<std::size_t>(tokens * shape.num_experts));
    arithmetic.logits(input(), arithmetic.pack(shape, weights), result);
    return result;
  }
};

Gate random_gate(Numbers& numbers, std::int64_t experts, std::int64_t hidden, std::int64_t tokens) {
  GateShape shape;
  shape.num_experts = experts;
  shape.hidden_size = hidden;
  shape.num_experts_per_tok = std::min<std::int64_t>(experts, 8);
  Gate gate{shape, tokens, numbers.uniforms(tokens * hidden), numbers.uniforms(experts * hidden), {}};
  if (tokens % 2 == 1) gate.logit_bias = numbers.uniforms(experts);
  return gate;
}

std::vector<Gate> gates() {
  Numbers numbers(1);
  std::vector<Gate> result;
  for (const std::int64_t experts : {1, 2, 7, 8, 9, 16, 17, 31, 32, 40, 64, 100, 256, 384, 1000, 1024}) {
    result.push_back(random_gate(numbers, experts, numbers.between(1, 90), numbers.between(1, 40)));
  }
  for (const std::int64_t hidden : {511, 512, 513, 1030, 4096}) {
    result.push_back(random_gate(numbers, numbers.between(1, 70), hidden, numbers.between(1, 30)));
  }
  for (const std::int64_t tokens : {1, 3, 4, 5, 6, 11, 12, 13, 16, 100}) {
    result.push_back(random_gate(numbers, 37, 19, tokens));
  }
  return result;
}

/// What a score's products add up to without their signs: the scale of its rounding errors.
double magnitude(const Gate& gate, std::size_t token, std::size_t expert) {
  const auto length = static_cast<std::size_t>(gate.shape.hidden_size);
  double sum = 0.0;
  for (std::size_t d = 0; d < length; ++d)
    sum +=
        std::fabs(static_cast<double>(gate.hidden[token * length + d]) * gate.weights[expert * length + d]);
  return sum;
}

/// Rows of scores made to be hard to choose from.
std::vector<float> hard_scores(Numbers& numbers, std::size_t count, int kind) {
  std::vector<float> scores(count);
  for (float& score : scores) {
    score = numbers.uniform();
    if (kind == 1) score = std::round(score * 3.0f);                   // ties, +0 and -0
    if (kind == 2) score = std::round(score * 2.0f) * 1e-40f;          // denormal ties
    if (kind == 3) score = numbers.between(0, 1) == 0 ? 0.0f : -0.0f;  // nothing but zeros
    if (kind == 4) score = std::round(score * 40.0f);                  // some ties
    if (kind == 5) score *= 3e38f;                                     // as large as can be
  }
  return scores;
}

}  // namespace

TEST_CASE("Every variant's scores are the reference's to the bit, or as near as it states") {
  for (const Gate& gate : gates()) {
    INFO(gate.shape.num_experts << " experts, hidden size " << gate.shape.hidden_size << ", " << gate.tokens
                                << " tokens");
    const std::vector<float> expected = gate.scores(scalar_arithmetic());
    for_each_variant([&](const GateVariant& variant, const GateArithmetic& arithmetic) {
      const std::vector<float> scores = gate.scores(arithmetic);
      if (variant.score_error == 0.0) {
        REQUIRE(scores == expected);
        return;
      }
      const auto experts = static_cast<std::size_t>(gate.shape.num_experts);
      for (std::size_t i = 0; i < scores.size(); ++i) {
        const double bound = variant.score_error * magnitude(gate, i / experts, i % experts) + 1e-30;
        REQUIRE(std::fabs(static_cast<double>(scores[i]) - expected[i]) <= bound);
      }
    });
  }
}

TEST_CASE("Every variant chooses what the reference chooses, ties to the lower index") {
  Numbers numbers(2);
  for (int round = 0; round < 400; ++round) {
    const std::int64_t tokens = numbers.between(1, 20);
    const std::int64_t n = round % 4 == 0 ? numbers.between(1, 40) : numbers.between(1, 1024);
    const std::int64_t k = numbers.between(1, std::min<std::int64_t>(n, round % 3 == 0 ? 32 : 10));
    std::vector<float> scores = hard_scores(numbers, static_cast<std::size_t>(tokens * n), round % 6);
    for (std::int64_t i = 0; i < tokens * n; ++i) {  // some experts may not be chosen; k others are left
      if (round % 5 == 0 && i % n >= k && numbers.between(0, 1) == 0)
        scores[static_cast<std::size_t>(i)] = -std::numeric_limits<float>::infinity();
    }
    INFO("round " << round << ": " << tokens << " tokens, the best " << k << " of " << n);
    std::vector<std::uint16_t> expected(static_cast<std::size_t>(tokens * k)), chosen(expected.size());
    scalar_arithmetic().choose_top(scores, expected, tokens);
    for_each_variant([&](const GateVariant&, const GateArithmetic& arithmetic) {
      std::fill(chosen.begin(), chosen.end(), std::uint16_t{9999});
      arithmetic.choose_top(scores, chosen, tokens);
      REQUIRE(chosen == expected);
    });
  }
}

TEST_CASE("Every variant's biased sigmoids are the reference's to the bit") {
  Numbers numbers(7);
  for (const std::int64_t experts : {1, 8, 31, 32, 48, 256}) {
    for (const std::int64_t tokens : {1, 3, 16}) {
      std::vector<float> logits = numbers.uniforms(tokens * experts);
      for (float& logit : logits) logit *= 100.0f;
      for (const std::vector<float>& bias : {numbers.uniforms(experts), std::vector<float>()}) {
        std::vector<float> expected(logits.size()), expected_choice(logits.size()), scores(logits.size());
        scalar_arithmetic().biased_sigmoids(logits, bias, expected, expected_choice);
        for_each_variant([&](const GateVariant&, const GateArithmetic& arithmetic) {
          std::vector<float> choice = logits;
          arithmetic.biased_sigmoids(choice, bias, scores, choice);
          REQUIRE(scores == expected);
          REQUIRE(choice == expected_choice);
        });
      }
    }
  }
}

TEST_CASE("Every variant keeps the groups that the reference keeps") {
  Numbers numbers(3);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t tokens = numbers.between(1, 20);
    const std::int64_t groups = numbers.between(2, round % 4 == 0 ? 40 : 16);
    const std::int64_t size = round % 3 == 0 ? 32 : numbers.between(2, 1024 / groups);
    const std::int64_t kept = numbers.between(1, groups - 1);
    const std::vector<float> scores =
        hard_scores(numbers, static_cast<std::size_t>(tokens * groups * size), round % 5);
    std::vector<float> sums(static_cast<std::size_t>(tokens * groups)), expected_sums(sums.size());
    std::vector<std::uint16_t> chosen(static_cast<std::size_t>(tokens * kept)),
        expected_groups(chosen.size());
    std::vector<float> near(chosen.size() * static_cast<std::size_t>(size)), expected_near(near.size());
    INFO("round " << round << ": " << tokens << " tokens, " << kept << " of " << groups << " groups of "
                  << size);
    scalar_arithmetic().sums_of_two_best(scores, expected_sums);
    scalar_arithmetic().keep_best_groups(expected_sums, scores, tokens, {expected_groups, expected_near});
    for_each_variant([&](const GateVariant&, const GateArithmetic& arithmetic) {
      arithmetic.sums_of_two_best(scores, sums);
      REQUIRE(sums == expected_sums);
      arithmetic.keep_best_groups(sums, scores, tokens, {chosen, near});
      REQUIRE(chosen == expected_groups);
      REQUIRE(near == expected_near);
      std::vector<float> in_place = scores;
      arithmetic.keep_best_groups(sums, in_place, tokens, {chosen, std::span(in_place).first(near.size())});
      REQUIRE(std::equal(near.begin(), near.end(), in_place.begin()));
    });
  }
}

TEST_CASE("Every router gives the reference's result by every variant with the reference's scores") {
  for (const Gate& gate : gates()) {
    for (const ExpertRouter& router : expert_routers()) {
      INFO(router.name << ", " << gate.shape.num_experts << " experts, " << gate.tokens << " tokens");
      GateInput input = gate.input();
      std::int64_t& k = input.shape.num_experts_per_tok;
      k = std::clamp(k, router.top_k.min, router.top_k.max);
      if (k > gate.shape.num_experts) continue;
      const std::vector<std::uint32_t> token_ids(static_cast<std::size_t>(gate.tokens), 7u);
      input.token_ids = token_ids;
      const auto chosen = static_cast<std::size_t>(gate.tokens * router.columns(input.shape));
      std::vector<std::uint16_t> expected(chosen), experts(chosen);
      std::vector<float> expected_weights(chosen), weights(chosen);
      router.reference(input, {expected, expected_weights});
      for_each_variant([&](const GateVariant& variant, const GateArithmetic& arithmetic) {
        if (variant.score_error > 0.0) return;
        input.threads = variant.threads;
        router.route_by(arithmetic, input, {experts, weights});
        REQUIRE(experts == expected);
        REQUIRE(weights == expected_weights);
      });
    }
  }
}

TEST_CASE(
    "A variant with other scores chooses another expert only where the scores are as close as its error") {
  Numbers numbers(4);
  const ExpertRouter& router = expert_routers().front();
  for (const std::int64_t experts : {8, 64, 256}) {
    const Gate gate = random_gate(numbers, experts, 700, 64);
    const std::vector<float> scores = gate.scores(scalar_arithmetic());
    const auto k = static_cast<std::size_t>(gate.shape.num_experts_per_tok);
    std::vector<std::uint16_t> expected(64 * k), chosen(64 * k);
    router.reference(gate.input(), {expected, {}});
    for_each_variant([&](const GateVariant& variant, const GateArithmetic& arithmetic) {
      router.route_by(arithmetic, gate.input(), {chosen, {}});
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        const std::size_t token = i / k;
        const std::size_t n = static_cast<std::size_t>(experts);
        const double bound =
            variant.score_error * (magnitude(gate, token, chosen[i]) + magnitude(gate, token, expected[i]));
        const double margin = scores[token * n + expected[i]] - scores[token * n + chosen[i]];
        REQUIRE(std::fabs(margin) <= bound);
      }
    });
  }
}

TEST_CASE("Every variant refuses scores that are not finite") {
  Numbers numbers(5);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    Gate gate = random_gate(numbers, 64, 33, 50);
    gate.hidden[33 * 49 + 32] = bad;
    std::vector<std::uint16_t> experts(50 * 8);
    for_each_variant([&](const GateVariant&, const GateArithmetic& arithmetic) {
      CHECK_THROWS_WITH(expert_routers().front().route_by(arithmetic, gate.input(), {experts, {}}),
                        Catch::Contains("not finite"));
    });
  }
}

TEST_CASE("The result is the same whatever the number of threads, and what one of them throws is thrown") {
  Numbers numbers(6);
  Gate gate = random_gate(numbers, 64, 48, 1000);
  const ExpertRouter& router = expert_routers().front();
  std::vector<std::uint16_t> expected(8000), experts(8000);
  std::vector<float> expected_weights(8000), weights(8000);
  router.route(gate.input(), {expected, expected_weights});
  GateInput input = gate.input();
  for (input.threads = 1; input.threads < 20; ++input.threads) {
    std::fill(experts.begin(), experts.end(), std::uint16_t{0});
    router.route(input, {experts, weights});
    REQUIRE(experts == expected);
    REQUIRE(weights == expected_weights);
  }
  gate.hidden[48 * 999] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(router.route(input, {experts, {}}), Catch::Contains("not finite"));
  input.threads = 0;
  CHECK_THROWS_WITH(router.route(input, {experts, {}}), Catch::Contains("threads"));
}

TEST_CASE("bf16 scores have the same bits with and without the matrix unit") {
  if (!has_amx()) {
    WARN("skipped: this machine has no AMX");
    return;
  }
  GateArithmetic portable = bf16_arithmetic();
  portable.logits = logits_bf16;
  std::vector<Gate> all = gates();
  Gate tiny = all.back();  // products and sums that are denormal
  for (float& value : tiny.hidden) value *= 1e-20f;
  for (float& value : tiny.weights) value *= 1e-18f;
  all.push_back(tiny);
  for (float& value : tiny.hidden) value *= 1e-20f;  // operands that are
  all.push_back(tiny);
  for (const Gate& gate : all) {
    INFO(gate.shape.num_experts << " experts, hidden size " << gate.shape.hidden_size);
    REQUIRE(gate.scores(bf16_arithmetic()) == gate.scores(portable));
  }
}

TEST_CASE("bf16 is the nearest upper half, ties to even, and keeps what is not a number") {
  const auto round = [](std::uint32_t bits) { return to_bf16(std::bit_cast<float>(bits)); };
  CHECK(to_bf16(1.0f) == 0x3f80);
  CHECK(round(0x3f808000u) == 0x3f80);  // half way: to even
  CHECK(round(0x3f818000u) == 0x3f82);
  CHECK(round(0x3f808001u) == 0x3f81);
  CHECK(round(0xbf80ffffu) == 0xbf81);
  CHECK(round(0x7f7fffffu) == 0x7f80);  // beyond the largest: infinity, which a router refuses
  CHECK(round(0x7f800000u) == 0x7f80);
  CHECK((round(0x7f800001u) & 0x7fu) != 0);
  CHECK((round(0xffffffffu) & 0x7fu) != 0);
  CHECK(round(0x80000001u) == 0x8000);  // a denormal is a zero
}

TEST_CASE("Variants are numbered upwards, each with its name and its idea") {
  int last = -1;
  for (const GateVariant& variant : gate_variants()) {
    CHECK(variant.number > last);
    CHECK(variant.description.size() > 20);
    last = variant.number;
  }
  CHECK(gate_variants().front().arithmetic() == &scalar_arithmetic());
}
