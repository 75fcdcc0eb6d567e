// What every expert router of the menu promises, whatever its rule.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <optional>
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
  std::vector<float> noise_weights = {};
  std::vector<std::uint32_t> token_ids = {};
  GatePhase phase = GatePhase::inference;
  std::optional<double> capacity_factor = {};

  GateInput input() const {
    GateInput input{shape, tokens, hidden, weights, logit_bias, selection_bias};
    input.noise_weights = noise_weights;
    input.token_ids = token_ids;
    input.phase = phase;
    input.capacity_factor = capacity_factor;
    return input;
  }
};

/// The batch with a top-k that the router has a rule for; nothing where its experts are too few.
std::optional<Batch> suited(const ExpertRouter& router, Batch batch) {
  std::int64_t& k = batch.shape.num_experts_per_tok;
  k = std::clamp(k, router.top_k.min, router.top_k.max);
  if (k > batch.shape.num_experts) return std::nullopt;
  return batch;
}

struct Choice {
  std::size_t columns;
  std::vector<std::uint16_t> experts;
  std::vector<float> weights;
  Choice(const ExpertRouter& router, const Batch& batch)
      : columns(static_cast<std::size_t>(router.columns(batch.shape))),
        experts(static_cast<std::size_t>(batch.tokens) * columns),
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
  batch.token_ids.resize(static_cast<std::size_t>(tokens));
  for (std::uint32_t& id : batch.token_ids) id = static_cast<std::uint32_t>(random.integer(0, 99999));
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
  result.push_back(random_batch({2048, 2, 10, 1, 1, 1.0}, 20, false));
  return result;
}

/// As in training, with noise and a capacity that drops some.
Batch in_training(Batch batch) {
  Random random(7, "noise weights");
  batch.phase = GatePhase::training;
  batch.capacity_factor = 0.75;
  batch.noise_weights = normals(random, batch.shape.num_experts * batch.shape.hidden_size, 0.3);
  return batch;
}

/// A batch whose scores come from few distinct values: nearly everything is a tie.
Batch tied_batch(const GateShape& shape) {
  Batch batch = random_batch(shape, 40, false);
  for (float& value : batch.hidden) value = std::round(value);
  for (float& value : batch.weights) value = std::round(value * 2.0f);
  return batch;
}

/// What is wrong with the row of a token that starts at place `first`; empty where nothing is.
std::string fault_of_row(const Choice& choice, std::size_t first, std::int64_t num_experts) {
  std::set<std::uint16_t> distinct;
  bool ended = false;
  for (std::size_t i = first; i < first + choice.columns; ++i) {
    const std::uint16_t expert = choice.experts[i];
    const float weight = choice.weights[i];
    if (expert == kNoExpert) {
      ended = true;
      if (weight != 0.0f) return "an empty place has a weight";
      continue;
    }
    if (ended) return "an expert stands behind an empty place";
    if (expert >= num_experts) return "an expert does not exist";
    if (!distinct.insert(expert).second) return "an expert comes twice";
    if (!std::isfinite(weight) || weight < 0.0f) return "a weight is not a finite number from 0 up";
  }
  return "";
}

}  // namespace

TEST_CASE("The fastest variant of every router gives the reference's experts and weights to the bit") {
  std::vector<Batch> all = batches();
  all.push_back(tied_batch({64, 8, 3, 1, 1, 1.0}));
  all.push_back(tied_batch({256, 8, 2, 8, 4, 2.5}));
  all.push_back(in_training(random_batch({64, 4, 20, 1, 1, 1.0}, 300, true)));
  all.push_back(in_training(tied_batch({64, 8, 3, 1, 1, 1.0})));
  for (const ExpertRouter& router : expert_routers()) {
    for (const Batch& any : all) {
      const auto batch = suited(router, any);
      if (!batch) continue;
      INFO(router.name << ", " << batch->shape.num_experts << " experts, " << batch->tokens << " tokens");
      Choice expected(router, *batch), fast(router, *batch);
      router.reference(batch->input(), expected.output());
      router.route(batch->input(), fast.output());
      REQUIRE(fast.experts == expected.experts);
      REQUIRE(fast.weights == expected.weights);
    }
  }
}

TEST_CASE("Every router gives a token different experts that exist, with finite weights, empty places last") {
  std::vector<Batch> all = batches();
  all.push_back(in_training(random_batch({64, 4, 20, 1, 1, 1.0}, 300, true)));
  for (const ExpertRouter& router : expert_routers()) {
    for (const Batch& any : all) {
      const auto batch = suited(router, any);
      if (!batch) continue;
      INFO(router.name << ", " << batch->shape.num_experts << " experts");
      Choice choice(router, *batch);
      router.route(batch->input(), choice.output());
      for (std::size_t row = 0; row < choice.experts.size(); row += choice.columns)
        REQUIRE(fault_of_row(choice, row, batch->shape.num_experts) == "");
    }
  }
}

TEST_CASE("At inference without a capacity a router by scores or ids fills every place that it can") {
  for (const ExpertRouter& router : expert_routers()) {
    if (router.by == RoutesBy::batch) continue;
    const auto batch = suited(router, random_batch({64, 4, 20, 1, 1, 1.0}, 300, false));
    Choice choice(router, *batch);
    router.route(batch->input(), choice.output());
    INFO(router.name);
    CHECK(std::count(choice.experts.begin(), choice.experts.end(), kNoExpert) == 0);
  }
}

TEST_CASE("A router by scores or ids gives a token the same experts in any company") {
  for (const ExpertRouter& router : expert_routers()) {
    if (router.by == RoutesBy::batch) continue;
    const auto batch = suited(router, random_batch({64, 4, 20, 1, 1, 1.0}, 30, false));
    Choice all(router, *batch);
    router.route(batch->input(), all.output());
    for (std::int64_t t = 0; t < batch->tokens; ++t) {
      GateInput one = batch->input();
      one.tokens = 1;
      one.first_token = static_cast<std::uint64_t>(t);
      one.hidden = one.hidden.subspan(t * one.shape.hidden_size, one.shape.hidden_size);
      one.token_ids = one.token_ids.subspan(t, 1);
      std::vector<std::uint16_t> experts(all.columns);
      router.route(one, {experts, {}});
      INFO(router.name);
      REQUIRE(std::equal(experts.begin(), experts.end(), all.experts.begin() + t * all.columns));
    }
  }
}

TEST_CASE("A router asked for no weights chooses the same experts") {
  const Batch plain = random_batch({256, 8, 71, 8, 4, 2.5}, 50, true);
  for (const ExpertRouter& router : expert_routers()) {
    for (const Batch& any : {plain, in_training(plain)}) {
      const auto batch = suited(router, any);
      INFO(router.name);
      Choice full(router, *batch), bare(router, *batch);
      router.route(batch->input(), full.output());
      router.route(batch->input(), {bare.experts, {}});
      REQUIRE(bare.experts == full.experts);
    }
  }
}

TEST_CASE("On equal scores every router takes the lower expert index") {
  for (const ExpertRouter& router : expert_routers()) {
    if (router.by == RoutesBy::token_id) continue;  // has no scores
    Batch tied{{16, 3, 4, 1, 1, 1.0}, 1, std::vector<float>(4, 1.0f), std::vector<float>(64, 0.0f), {}, {}};
    tied.weights[4 * 9] = 1.0f;
    const auto batch = suited(router, tied);
    Choice choice(router, *batch);
    router.route(batch->input(), choice.output());
    const std::vector<std::uint16_t> expected{9, 0, 1};
    const auto k = static_cast<std::ptrdiff_t>(batch->shape.num_experts_per_tok);
    INFO(router.name);
    CHECK(std::equal(expected.begin(), expected.begin() + k, choice.experts.begin()));
  }
}

TEST_CASE("Every router chooses by descending score, from 1 to 2048 experts and 1 to 32 a token") {
  for (const ExpertRouter& router : expert_routers()) {
    if (router.by == RoutesBy::token_id) continue;  // has no scores
    for (const std::int64_t experts : {1, 2, 3, 32, 33, 255, 1023, 1024, 2048}) {
      for (const std::int64_t k : {1, 2, 31, 32}) {
        if (k > experts || k < router.top_k.min || k > router.top_k.max) continue;
        const Batch batch = random_batch({experts, k, 1, 1, 1, 1.0}, 3, false);
        Choice fast(router, batch), expected(router, batch);
        router.route(batch.input(), fast.output());
        router.reference(batch.input(), expected.output());
        INFO(router.name << ", the best " << k << " of " << experts);
        REQUIRE(fast.experts == expected.experts);
        REQUIRE(fast.weights == expected.weights);
        for (std::size_t i = 0; i < fast.experts.size(); ++i) {
          if (i % fast.columns == 0 || fast.experts[i] == kNoExpert) continue;
          const float hidden = batch.hidden[i / fast.columns];
          REQUIRE(hidden * batch.weights[fast.experts[i - 1]] >= hidden * batch.weights[fast.experts[i]]);
        }
      }
    }
  }
}

TEST_CASE("Every router refuses sizes out of bounds and spans of a wrong length") {
  const Batch good = random_batch({64, 4, 8, 8, 2, 1.0}, 2, false);
  const auto refuses = [&](auto change) {
    for (const ExpertRouter& router : expert_routers()) {
      Batch batch = *suited(router, good);
      Choice choice(router, batch);
      change(batch);
      INFO(router.name);
      CHECK_THROWS_AS(router.reference(batch.input(), choice.output()), std::invalid_argument);
      CHECK_THROWS_AS(router.route(batch.input(), choice.output()), std::invalid_argument);
    }
  };
  refuses([](Batch& b) { b.hidden.pop_back(); });
  refuses([](Batch& b) { b.weights.push_back(0.0f); });
  refuses([](Batch& b) { b.logit_bias.assign(3, 0.0f); });
  refuses([](Batch& b) { b.selection_bias.assign(65, 0.0f); });
  refuses([](Batch& b) { b.selection_bias.assign(64, NAN); });
  refuses([](Batch& b) { b.token_ids.assign(3, 0u); });
  refuses([](Batch& b) { b.noise_weights.assign(3, 0.0f); });
  refuses([](Batch& b) { b.capacity_factor = 0.0; });
  refuses([](Batch& b) { b.capacity_factor = NAN; });
  refuses([](Batch& b) { b.shape.num_experts = 4096; });
  refuses([](Batch& b) { b.shape.num_experts_per_tok = 0; });
  refuses([](Batch& b) { b.shape.num_experts_per_tok = 33; });
  refuses([](Batch& b) { b.shape.n_group = 7; });
  refuses([](Batch& b) { b.shape.topk_group = 9; });
  refuses([](Batch& b) { b.shape.num_experts_per_tok = 17; });  // two groups hold 16
  refuses([](Batch& b) { b.shape.routed_scaling_factor = INFINITY; });
  refuses([](Batch& b) { b.tokens = -1; });
  refuses([](Batch& b) { b.tokens = 3; });
}

TEST_CASE("Every router refuses an output of a wrong length") {
  const Batch good = random_batch({64, 4, 8, 8, 2, 1.0}, 2, false);
  for (const ExpertRouter& router : expert_routers()) {
    const Batch batch = *suited(router, good);
    Choice choice(router, batch);
    choice.experts.pop_back();
    CHECK_THROWS_AS(router.route(batch.input(), choice.output()), std::invalid_argument);
    choice.experts.push_back(0);
    choice.weights.push_back(0.0f);
    CHECK_THROWS_AS(router.route(batch.input(), choice.output()), std::invalid_argument);
  }
}

TEST_CASE("Every router that has scores refuses those that are not finite") {
  const Batch plain = random_batch({64, 4, 8, 8, 2, 1.0}, 2, false);
  for (const ExpertRouter& router : expert_routers()) {
    if (router.by == RoutesBy::token_id) continue;
    for (const Batch& good : {plain, in_training(plain)}) {
      for (const float bad : {NAN, INFINITY, -INFINITY}) {
        Batch batch = *suited(router, good);
        batch.hidden[3] = bad;
        Choice choice(router, batch);
        INFO(router.name);
        CHECK_THROWS_AS(router.reference(batch.input(), choice.output()), std::invalid_argument);
        CHECK_THROWS_AS(router.route(batch.input(), choice.output()), std::invalid_argument);
        batch.hidden[3] = 0.5f;
        batch.weights[5] = bad;
        CHECK_THROWS_AS(router.route(batch.input(), choice.output()), std::invalid_argument);
      }
    }
  }
}
