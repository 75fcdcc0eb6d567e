// The rules of the expert routers, against values worked out by hand and, where it is at hand, a table of
// cases computed in double precision.
#include "kernels/expert_router.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/routed_logits.hpp"
#include "tests/support/shared_data.hpp"

using namespace switchyard;

namespace {

using Json = nlohmann::json;

struct Choice {
  std::vector<std::uint16_t> experts;
  std::vector<float> weights;
};

/// One token of these logits.
Choice route(const std::string& router, const GateShape& shape, const std::vector<float>& logits,
             const std::vector<float>& selection_bias = {}, const std::vector<float>& logit_bias = {}) {
  const RoutedLogits routed = route_logits(router, shape, {logits}, [&](GateInput& input) {
    input.selection_bias = selection_bias;
    input.logit_bias = logit_bias;
  });
  return {routed.experts, routed.weights};
}

GateShape top(std::int64_t k) {
  GateShape shape;
  shape.num_experts_per_tok = k;
  return shape;
}

void check_weights(const std::vector<float>& weights, const std::vector<double>& expected) {
  REQUIRE(weights.size() == expected.size());
  for (std::size_t i = 0; i < weights.size(); ++i) CHECK(weights[i] == Approx(expected[i]).epsilon(2e-6));
}

}  // namespace

// Logits ln 1, ln 2, ln 3, ln 4 have the softmax 0.1, 0.2, 0.3, 0.4.
const std::vector<float> kLogs{0.0f, 0.69314718f, 1.09861229f, 1.38629436f};

TEST_CASE("softmax_topk keeps the probabilities over all experts") {
  const Choice choice = route("softmax_topk", top(2), kLogs);
  CHECK(choice.experts == std::vector<std::uint16_t>{3, 2});
  check_weights(choice.weights, {0.4, 0.3});
}

TEST_CASE("softmax_topk_renorm and topk_softmax share out 1 among the chosen") {
  for (const char* router : {"softmax_topk_renorm", "topk_softmax"}) {
    const Choice choice = route(router, top(2), kLogs);
    CHECK(choice.experts == std::vector<std::uint16_t>{3, 2});
    check_weights(choice.weights, {4.0 / 7.0, 3.0 / 7.0});
  }
}

TEST_CASE("topk_sigmoid weighs each of the chosen by itself") {
  const Choice choice = route("topk_sigmoid", top(2), {0.0f, 1.09861229f, -1.0f, 1.38629436f});
  CHECK(choice.experts == std::vector<std::uint16_t>{3, 1});
  check_weights(choice.weights, {0.8, 0.75});
}

TEST_CASE("sqrt_softplus chooses with the bias and weighs without it") {
  // Softplus of ln(e^a - 1) is a: scores 1, 2, 3, 4 of the squares.
  const std::vector<float> logits{0.541324854f, 3.981514f, 8.99987658f, 15.99999989f};
  GateShape shape = top(2);
  shape.routed_scaling_factor = 3.0;
  const Choice plain = route("sqrt_softplus", shape, logits);
  CHECK(plain.experts == std::vector<std::uint16_t>{3, 2});
  check_weights(plain.weights, {12.0 / 7.0, 9.0 / 7.0});
  const Choice biased = route("sqrt_softplus", shape, logits, {5.0f, 0.0f, 0.0f, 0.0f});
  CHECK(biased.experts == std::vector<std::uint16_t>{0, 3});
  check_weights(biased.weights, {3.0 / 5.0, 12.0 / 5.0});
}

TEST_CASE("sparsemixer shares out 1 among the experts close to each choice") {
  // 10 and 9.9 are within 2 % of each other, 5 is not: the first two split their softmax, then 9.9 is alone.
  const Choice choice = route("sparsemixer", top(2), {5.0f, 9.9f, 10.0f, -3.0f});
  CHECK(choice.experts == std::vector<std::uint16_t>{2, 1});
  check_weights(choice.weights, {1.0 / (1.0 + 0.9048374180), 1.0});
}

TEST_CASE("A logit bias changes choice and weights") {
  const Choice choice = route("topk_softmax", top(2), {0, 0, 0, 0}, {}, kLogs);
  CHECK(choice.experts == std::vector<std::uint16_t>{3, 2});
  check_weights(choice.weights, {4.0 / 7.0, 3.0 / 7.0});
}

TEST_CASE("group_limited_greedy judges a group by its best expert and does not renormalise") {
  GateShape shape = top(2);
  shape.n_group = 2;
  shape.topk_group = 1;
  shape.routed_scaling_factor = 10.0;
  // Probabilities 0.1, 0.4 | 0.3, 0.2: the first group holds the best, so 0.1 beats the masked 0.3.
  const Choice choice = route("group_limited_greedy", shape, {kLogs[0], kLogs[3], kLogs[2], kLogs[1]});
  CHECK(choice.experts == std::vector<std::uint16_t>{1, 0});
  check_weights(choice.weights, {4.0, 1.0});
}

TEST_CASE("noaux_tc judges a group by its two best and weighs without the bias") {
  GateShape shape = top(2);
  shape.n_group = 2;
  shape.topk_group = 1;
  shape.routed_scaling_factor = 2.5;
  // Sigmoids 0.5, 0.75 | 0.8, 0.25, groups 1.25 and 1.05; the bias of 0.3 on expert 0 puts it first in its
  // group.
  const std::vector<float> logits{0.0f, 1.09861229f, 1.38629436f, -1.09861229f};
  const Choice choice = route("noaux_tc", shape, logits, {0.3f, 0.0f, 0.0f, 0.0f});
  CHECK(choice.experts == std::vector<std::uint16_t>{0, 1});
  check_weights(choice.weights, {1.0, 1.5});
}

TEST_CASE("noaux_tc never leaves the chosen groups, even when every biased score is negative") {
  GateShape shape = top(2);
  shape.n_group = 2;
  shape.topk_group = 1;
  const Choice choice = route("noaux_tc", shape, {0, 0, 1, 1}, {-5, -5, -5, -5});
  CHECK(choice.experts == std::vector<std::uint16_t>{2, 3});
  check_weights(choice.weights, {0.5, 0.5});
}

TEST_CASE("Extreme logits neither overflow nor lose the choice") {
  const std::vector<float> logits{-3000.0f, 3000.0f, -200.0f, 10.0f};
  for (const ExpertRouter& router : expert_routers()) {
    if (router.by == RoutesBy::token_id) continue;
    for (const GatePhase phase : {GatePhase::inference, GatePhase::training}) {
      INFO(router.name);
      const GateShape shape = top(std::min(router.top_k.max, std::int64_t{2}));
      const RoutedLogits choice = route_logits(std::string(router.name), shape, {logits},
                                               [&](GateInput& input) { input.phase = phase; });
      CHECK(choice.experts[0] == 1);
      CHECK(choice.weights[0] > 0.49f);
      for (const float weight : choice.weights) CHECK(std::isfinite(weight));
    }
  }
}

namespace {

struct GoldenFamily {
  const char* key;
  const char* router;
  std::int64_t top_k;
};

void check_case(const GoldenFamily& family, const Json& example, const Json& expected) {
  GateShape shape = top(example.value("top_k", family.top_k));
  shape.n_group = example.value("n_group", std::int64_t{1});
  shape.topk_group = example.value("topk_group", std::int64_t{1});
  shape.routed_scaling_factor = example.value("scale", 1.0);
  const auto bias = example.value("bias", std::vector<float>());
  const std::vector<float> none;
  const bool selects =
      family.router == std::string("noaux_tc") || family.router == std::string("sqrt_softplus");
  const Choice choice = route(family.router, shape, example.at("logits").get<std::vector<float>>(),
                              selects ? bias : none, selects ? none : bias);
  CHECK(choice.experts == expected.at(0).get<std::vector<std::uint16_t>>());
  const auto weights = expected.at(1).get<std::vector<double>>();
  REQUIRE(choice.weights.size() == weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    CHECK(choice.weights[i] == Approx(weights[i]).epsilon(2e-6));
}

}  // namespace

TEST_CASE("The routers reproduce the golden cases computed in double precision") {
  const auto file = shared_data("gating_vectors.json");
  if (!file) {
    WARN("skipped: gating_vectors.json is not at hand");
    return;
  }
  const Json golden = Json::parse(std::ifstream(*file));
  const GoldenFamily families[] = {{"mixtral_softmax_top2_renorm", "softmax_topk_renorm", 2},
                                   {"olmoe_softmax_top8_norenorm", "softmax_topk", 8},
                                   {"gptoss_top4_softmax_bias", "topk_softmax", 4},
                                   {"deepseek_v2_group_limited", "group_limited_greedy", 6},
                                   {"deepseek_v3_noaux_tc", "noaux_tc", 8},
                                   {"kimi_k2_noaux_1group", "noaux_tc", 8},
                                   {"deepseek_v4_sqrtsoftplus", "sqrt_softplus", 6},
                                   {"llama4_top1_sigmoid", "topk_sigmoid", 1},
                                   {"phi35_sparsemixer_eval_eps0.01", "sparsemixer", 2}};
  for (const GoldenFamily& family : families) {
    INFO(family.key);
    REQUIRE_FALSE(golden.at(family.key).empty());
    for (const Json& example : golden.at(family.key)) check_case(family, example, example.at("out"));
  }
  for (const Json& example : golden.at("mixtral_softmax_top2_renorm")) {
    check_case({"", "topk_softmax", 2}, example, example.at("same_as_topk_softmax"));
  }
  const Json& ties = golden.at("ties_lower_index_wins");
  check_case({"", "softmax_topk_renorm", 2}, ties, ties.at("out"));
}

TEST_CASE("With all biased scores negative noaux_tc follows the official masking with minus infinity") {
  const auto file = shared_data("gating_vectors.json");
  if (!file) {
    WARN("skipped: gating_vectors.json is not at hand");
    return;
  }
  Json trap = Json::parse(std::ifstream(*file)).at("deepseek_v3_negative_bias_trap");
  trap["n_group"] = 8;
  trap["topk_group"] = 4;
  trap["scale"] = 2.5;
  check_case({"", "noaux_tc", 8}, trap, trap.at("masked_with_neg_inf"));
}

TEST_CASE("switch_top1 reproduces the golden case, with and without its capacity") {
  const auto file = shared_data("gating_vectors.json");
  if (!file) {
    WARN("skipped: gating_vectors.json is not at hand");
    return;
  }
  const Json golden = Json::parse(std::ifstream(*file));

  const Json& dropped = golden.at("switch_top1_capacity");
  const auto logits = dropped.at("logits").get<std::vector<std::vector<float>>>();
  const Json& rows = dropped.at("capacity_and_rows_expert_prob_kept").at(1);
  const RoutedLogits all = route_logits("switch_top1", top(1), logits);
  const RoutedLogits kept = route_logits("switch_top1", top(1), logits, [&](GateInput& input) {
    input.capacity_factor = dropped.at("capacity_factor").get<double>();
  });
  REQUIRE(rows.size() == logits.size());
  for (std::size_t t = 0; t < rows.size(); ++t) {
    CHECK(all.experts[t] == rows[t].at(0).get<std::uint16_t>());
    CHECK(all.weights[t] == Approx(rows[t].at(1).get<double>()).epsilon(2e-6));
    CHECK(kept.experts[t] == (rows[t].at(2).get<bool>() ? all.experts[t] : kNoExpert));
  }
}

TEST_CASE("expert_choice reproduces the golden case") {
  const auto file = shared_data("gating_vectors.json");
  if (!file) {
    WARN("skipped: gating_vectors.json is not at hand");
    return;
  }
  const Json golden = Json::parse(std::ifstream(*file));
  const Json& choice = golden.at("expert_choice");
  const Json& tokens_per_expert = choice.at("capacity_and_tokens_per_expert").at(1);
  const RoutedLogits routed = route_logits(
      "expert_choice", top(1), choice.at("logits").get<std::vector<std::vector<float>>>(),
      [&](GateInput& input) { input.capacity_factor = choice.at("capacity_factor").get<double>(); });
  for (std::size_t e = 0; e < tokens_per_expert.size(); ++e) {
    std::vector<std::pair<float, std::size_t>> takers;  // by descending weight
    for (std::size_t i = 0; i < routed.experts.size(); ++i)
      if (routed.experts[i] == e) takers.emplace_back(-routed.weights[i], i / routed.columns);
    std::sort(takers.begin(), takers.end());
    std::vector<std::size_t> tokens;
    for (const auto& taker : takers) tokens.push_back(taker.second);
    CHECK(tokens == tokens_per_expert[e].get<std::vector<std::size_t>>());
  }
}

TEST_CASE("Every golden case of routing is read by a test") {
  const auto file = shared_data("gating_vectors.json");
  if (!file) {
    WARN("skipped: gating_vectors.json is not at hand");
    return;
  }
  const std::set<std::string> elsewhere{"eplb", "losses", "bias_update"};
  const std::set<std::string> here{"deepseek_v2_group_limited",
                                   "deepseek_v3_negative_bias_trap",
                                   "deepseek_v3_noaux_tc",
                                   "deepseek_v4_sqrtsoftplus",
                                   "expert_choice",
                                   "gptoss_top4_softmax_bias",
                                   "kimi_k2_noaux_1group",
                                   "llama4_top1_sigmoid",
                                   "mixtral_softmax_top2_renorm",
                                   "olmoe_softmax_top8_norenorm",
                                   "phi35_sparsemixer_eval_eps0.01",
                                   "switch_top1_capacity",
                                   "ties_lower_index_wins"};
  const Json golden = Json::parse(std::ifstream(*file));
  for (const auto& [key, cases] : golden.items()) {
    INFO(key << " with " << cases.size());
    CHECK(here.count(key) + elsewhere.count(key) > 0);
  }
}
