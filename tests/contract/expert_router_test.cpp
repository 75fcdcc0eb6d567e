// What every expert router of the menu promises, whatever its rule.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/expert_router.hpp"
#include "sim/base/random.hpp"

using namespace switchyard;

namespace {

struct Batch {
  GateShape shape;
  std::int64_t tokens = 0;
  std::vector<float> hidden, weights, logit_bias, selection_bias;

  GateInput input() const { return {shape, tokens, hidden, weights, logit_bias, selection_bias}; }
};

struct Choice {
  std::vector<std::uint16_t> experts;
  std::vector<float> weights;
  explicit Choice(const Batch& batch)
      : experts(static_cast<std::size_t>(batch.tokens * batch.shape.num_experts_per_tok)),
        weights(experts.size()) {}
  GateOutput output() { return {experts, weights}; }
};

std::vector<float> normals(Random& random, std::int64_t count, double scale) {
  std::vector<float> result(static_cast<std::size_t>(count));
  for (float& value : result) value = static_cast<float>(random.normal() * scale);
  return result;
}

Batch random_batch(const GateShape& shape, std::int64_t tokens, bool biased) {
  Random random(7, "contract", static_cast<std::uint64_t>(shape.num_experts * 1000 + tokens));
  Batch batch{shape,
              tokens,
              normals(random, tokens * shape.hidden_size, 1.0),
              normals(random, shape.num_experts * shape.hidden_size, 0.3),
              {},
              {}};
  if (biased) {
    batch.logit_bias = normals(random, shape.num_experts, 0.2);
    batch.selection_bias = normals(random, shape.num_experts, 0.05);
  }
  return batch;
}

std::vector<Batch> batches() {
  const GateShape shapes[] = {{1, 1, 5, 1, 1, 1.0},      {8, 2, 64, 1, 1, 1.0},     {5, 5, 3, 1, 1, 1.0},
                              {31, 4, 17, 1, 1, 1.0},    {64, 8, 100, 1, 1, 1.0},   {160, 6, 33, 8, 3, 16.0},
                              {256, 8, 71, 8, 4, 2.5},   {384, 8, 40, 1, 1, 2.827}, {1000, 32, 9, 1, 1, 1.0},
                              {1024, 32, 12, 16, 8, 1.0}};
  std::vector<Batch> result;
  for (const GateShape& shape : shapes) {
    for (const std::int64_t tokens : {0, 1, 5, 6, 7, 50, 800}) {
      result.push_back(random_batch(shape, tokens, tokens % 2 == 1));
    }
  }
  return result;
}

/// A batch whose scores come from few distinct values: nearly everything is a tie.
Batch tied_batch(const GateShape& shape) {
  Batch batch = random_batch(shape, 40, false);
  for (float& value : batch.hidden) value = std::round(value);
  for (float& value : batch.weights) value = std::round(value * 2.0f);
  return batch;
}

}  // namespace

TEST_CASE("The fastest variant of every router gives the reference's experts and weights to the bit") {
  std::vector<Batch> all = batches();
  all.push_back(tied_batch({64, 8, 3, 1, 1, 1.0}));
  all.push_back(tied_batch({256, 8, 2, 8, 4, 2.5}));
  for (const ExpertRouter& router : expert_routers()) {
    for (const Batch& batch : all) {
      INFO(router.name << ", " << batch.shape.num_experts << " experts, " << batch.tokens << " tokens");
      Choice expected(batch), fast(batch);
      router.reference(batch.input(), expected.output());
      router.route(batch.input(), fast.output());
      REQUIRE(fast.experts == expected.experts);
      REQUIRE(fast.weights == expected.weights);
    }
  }
}

TEST_CASE("Every router gives a token k different experts that exist, with finite weights") {
  for (const ExpertRouter& router : expert_routers()) {
    for (const Batch& batch : batches()) {
      INFO(router.name << ", " << batch.shape.num_experts << " experts");
      Choice choice(batch);
      router.route(batch.input(), choice.output());
      const auto k = static_cast<std::size_t>(batch.shape.num_experts_per_tok);
      for (std::size_t row = 0; row < choice.experts.size(); row += k) {
        const std::set<std::uint16_t> distinct(choice.experts.begin() + row,
                                               choice.experts.begin() + row + k);
        REQUIRE(distinct.size() == k);
        REQUIRE(*distinct.rbegin() < batch.shape.num_experts);
      }
      for (const float weight : choice.weights) REQUIRE((std::isfinite(weight) && weight >= 0.0f));
    }
  }
}

TEST_CASE("A router asked for no weights chooses the same experts") {
  for (const ExpertRouter& router : expert_routers()) {
    const Batch batch = random_batch({256, 8, 71, 8, 4, 2.5}, 50, true);
    Choice full(batch), bare(batch);
    router.route(batch.input(), full.output());
    router.route(batch.input(), {bare.experts, {}});
    REQUIRE(bare.experts == full.experts);
  }
}

TEST_CASE("On equal scores every router takes the lower expert index") {
  for (const ExpertRouter& router : expert_routers()) {
    Batch batch{{16, 3, 4, 1, 1, 1.0}, 1, std::vector<float>(4, 1.0f), std::vector<float>(64, 0.0f), {}, {}};
    batch.weights[4 * 9] = 1.0f;
    Choice choice(batch);
    router.route(batch.input(), choice.output());
    CHECK(choice.experts == std::vector<std::uint16_t>{9, 0, 1});
  }
}

TEST_CASE(
    "Every router refuses sizes out of bounds, spans of a wrong length and scores that are not finite") {
  const auto refuses = [](const Batch& batch, std::size_t chosen) {
    std::vector<std::uint16_t> experts(chosen);
    std::vector<float> weights(chosen);
    for (const ExpertRouter& router : expert_routers()) {
      CHECK_THROWS_AS(router.reference(batch.input(), {experts, weights}), std::invalid_argument);
      CHECK_THROWS_AS(router.route(batch.input(), {experts, weights}), std::invalid_argument);
    }
  };
  const Batch good = random_batch({64, 4, 8, 8, 2, 1.0}, 2, false);
  refuses(good, 7);
  const auto altered = [&](auto change) {
    Batch batch = good;
    change(batch);
    return batch;
  };
  refuses(altered([](Batch& b) { b.hidden.pop_back(); }), 8);
  refuses(altered([](Batch& b) { b.weights.push_back(0.0f); }), 8);
  refuses(altered([](Batch& b) { b.logit_bias.assign(3, 0.0f); }), 8);
  refuses(altered([](Batch& b) { b.selection_bias.assign(65, 0.0f); }), 8);
  refuses(altered([](Batch& b) { b.selection_bias.assign(64, NAN); }), 8);
  refuses(altered([](Batch& b) { b.shape.num_experts = 4096; }), 8);
  refuses(altered([](Batch& b) { b.shape.num_experts_per_tok = 0; }), 0);
  refuses(altered([](Batch& b) { b.shape.num_experts_per_tok = 33; }), 66);
  refuses(altered([](Batch& b) { b.shape.n_group = 7; }), 8);
  refuses(altered([](Batch& b) { b.shape.topk_group = 9; }), 8);
  refuses(altered([](Batch& b) { b.shape.num_experts_per_tok = 17; }), 34);  // two groups hold 16
  refuses(altered([](Batch& b) { b.shape.routed_scaling_factor = INFINITY; }), 8);
  refuses(altered([](Batch& b) { b.hidden[3] = NAN; }), 8);
  refuses(altered([](Batch& b) { b.weights[5] = std::numeric_limits<float>::infinity(); }), 8);
  refuses(altered([](Batch& b) { b.tokens = -1; }), 8);
}
