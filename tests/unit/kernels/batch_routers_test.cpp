// The routers that see a batch, a capacity, a seed or a token's id, against values worked out by hand.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "tests/support/routed_logits.hpp"

using namespace switchyard;

namespace {

using Experts = std::vector<std::uint16_t>;
using Logits = std::vector<std::vector<float>>;

constexpr float kLn2 = 0.69314718f, kLn3 = 1.09861229f, kLn4 = 1.38629436f;

GateShape top(std::int64_t k) {
  GateShape shape;
  shape.num_experts_per_tok = k;
  return shape;
}

std::function<void(GateInput&)> training(std::uint64_t seed) {
  return [seed](GateInput& input) {
    input.phase = GatePhase::training;
    input.seed = seed;
  };
}

std::function<void(GateInput&)> capacity(double factor) {
  return [factor](GateInput& input) { input.capacity_factor = factor; };
}

void check_weights(const std::vector<float>& weights, const std::vector<double>& expected) {
  REQUIRE(weights.size() == expected.size());
  for (std::size_t i = 0; i < weights.size(); ++i) CHECK(weights[i] == Approx(expected[i]).epsilon(2e-6));
}

std::vector<int> loads(const RoutedLogits& routed, std::size_t experts) {
  std::vector<int> result(experts);
  for (const std::uint16_t expert : routed.experts)
    if (expert != kNoExpert) ++result[expert];
  return result;
}

}  // namespace

TEST_CASE("switch_top1 without a capacity weighs the best expert by its probability over all") {
  const RoutedLogits routed = route_logits("switch_top1", top(1), {{0, kLn3}, {kLn4, 0}});
  CHECK(routed.experts == Experts{1, 0});
  check_weights(routed.weights, {0.75, 0.8});
}

TEST_CASE("switch_top1 drops the tokens that come after an expert is full") {
  const Logits logits{{1, 0}, {0, 1}, {2, 0}, {3, 0}};
  CHECK(route_logits("switch_top1", top(1), logits, capacity(1.0)).experts == Experts{0, 1, 0, kNoExpert});
  const RoutedLogits tight = route_logits("switch_top1", top(1), logits, capacity(0.5));
  CHECK(tight.experts == Experts{0, 1, kNoExpert, kNoExpert});
  CHECK((tight.weights[2] == 0.0f && tight.weights[3] == 0.0f));
}

TEST_CASE("A capacity is rounded up, and exact products are not") {
  const Logits logits(10, {1, 0});  // 1.1 x 10 / 2 = 5.5
  CHECK(loads(route_logits("switch_top1", top(1), logits, capacity(1.1)), 2) == std::vector<int>{6, 0});
  CHECK(loads(route_logits("switch_top1", top(1), logits, capacity(1.4)), 2) == std::vector<int>{7, 0});
  CHECK(loads(route_logits("switch_top1", top(1), logits, capacity(1e30)), 2) == std::vector<int>{10, 0});
}

TEST_CASE("gshard_top2 shares out 1 between the two best") {
  const RoutedLogits routed = route_logits("gshard_top2", top(2), {{0, kLn2, kLn4}});
  CHECK(routed.experts == Experts{2, 1});
  check_weights(routed.weights, {2.0 / 3.0, 1.0 / 3.0});
}

TEST_CASE("gshard_top2 gives the room to all first choices before any second one") {
  // Four tokens, two experts, factor 0.5: two places each. The firsts of tokens 0, 1, 2 and the first of 3.
  const Logits logits{{kLn3, 0}, {0, kLn3}, {0, kLn3}, {0, kLn4}};
  const RoutedLogits routed = route_logits("gshard_top2", top(2), logits, capacity(0.5));
  CHECK(routed.experts_of(0) == Experts{0, kNoExpert});  // expert 1 is full with tokens 1 and 2
  CHECK(routed.experts_of(1) == Experts{1, 0});          // the last place of expert 0
  CHECK(routed.experts_of(2) == Experts{1, kNoExpert});
  CHECK(routed.experts_of(3) == Experts{kNoExpert, kNoExpert});
  check_weights(routed.weights_of(0), {0.75, 0.0});
  check_weights(routed.weights_of(1), {0.75, 0.25});
}

TEST_CASE("gshard_top2 moves a second choice that was kept to the front of its row") {
  // One place each: token 1 loses its first choice to token 0 and keeps its second.
  const Logits logits{{kLn4, 0, kLn2}, {kLn3, 0, -9}};
  const RoutedLogits routed = route_logits("gshard_top2", top(2), logits, capacity(0.75));
  CHECK(routed.experts == Experts{0, 2, 1, kNoExpert});
  check_weights(routed.weights_of(1), {0.25, 0.0});
}

TEST_CASE("gshard_top2 sends a second expert in training as often as twice its weight") {
  const std::size_t tokens = 4000;
  const RoutedLogits quarter = route_logits("gshard_top2", top(2), Logits(tokens, {kLn3, 0}), training(5));
  const auto sent = static_cast<double>(loads(quarter, 2)[1]) / static_cast<double>(tokens);
  CHECK(sent == Approx(0.5).margin(4.0 * 0.5 / std::sqrt(4000.0)));
  CHECK(quarter.weights[0] == Approx(0.75));  // the first keeps its weight, sent second or not
  const RoutedLogits even = route_logits("gshard_top2", top(2), Logits(tokens, {0, 0}), training(5));
  CHECK(loads(even, 2)[1] == static_cast<int>(tokens));
  GateShape scaled = top(2);
  scaled.routed_scaling_factor = 8.0;
  CHECK(route_logits("gshard_top2", scaled, Logits(tokens, {kLn3, 0}), training(5)).experts ==
        quarter.experts);
}

TEST_CASE("expert_choice gives every expert the tokens that prefer it most") {
  // Probabilities of expert 1: 1/2, 3/4, 4/5, 1/4. Two tokens each.
  const Logits logits{{0, 0}, {0, kLn3}, {0, kLn4}, {kLn3, 0}};
  const RoutedLogits routed = route_logits("expert_choice", top(1), logits);
  CHECK(routed.columns == 2);
  CHECK(routed.experts_of(0) == Experts{0, kNoExpert});
  CHECK(routed.experts_of(1) == Experts{1, kNoExpert});
  CHECK(routed.experts_of(2) == Experts{1, kNoExpert});
  CHECK(routed.experts_of(3) == Experts{0, kNoExpert});
  check_weights(routed.weights_of(2), {0.8, 0.0});
  CHECK(loads(routed, 2) == std::vector<int>{2, 2});
}

TEST_CASE("expert_choice may leave a token without experts and give another all of them, the best first") {
  const Logits logits{{kLn2, kLn3, 0}, {0, 0, 0}, {0, 0, 0}};
  const RoutedLogits routed = route_logits("expert_choice", top(1), logits, capacity(1.0));
  CHECK(routed.experts_of(0) == Experts{1, 0, kNoExpert});          // 1/2, 1/3; of expert 2 only 1/6
  CHECK(routed.experts_of(1) == Experts{2, kNoExpert, kNoExpert});  // equal to token 2, and earlier
  CHECK(routed.experts_of(2) == Experts(3, kNoExpert));
}

TEST_CASE("noisy_topk without noise is the softmax over the k best") {
  const RoutedLogits routed = route_logits("noisy_topk", top(2), {{0, kLn2, kLn4}});
  CHECK(routed.experts == Experts{2, 1});
  check_weights(routed.weights, {2.0 / 3.0, 1.0 / 3.0});
}

TEST_CASE("noisy_topk puts normal noise of deviation softplus on each logit in training") {
  // Expert 0 leads by ln 2 x sqrt 2, which is one deviation of the difference of two draws: it wins with the
  // probability 0.8413 of a normal number below 1.
  const std::size_t tokens = 4000;
  const Logits logits(tokens, {kLn2 * 1.41421356f, 0});
  const RoutedLogits routed = route_logits("noisy_topk", top(1), logits, training(3));
  const auto won = static_cast<double>(loads(routed, 2)[0]) / static_cast<double>(tokens);
  CHECK(won == Approx(0.8413).margin(4.0 * 0.3654 / std::sqrt(4000.0)));
}

TEST_CASE("noisy_topk takes the deviations from its own weights") {
  const Logits logits(50, {0.01f, 0});
  const std::vector<float> quiet(100, -40.0f);  // softplus below 1e-17
  const RoutedLogits routed = route_logits("noisy_topk", top(1), logits, [&](GateInput& input) {
    input.phase = GatePhase::training;
    input.noise_weights = quiet;
  });
  CHECK(loads(routed, 2) == std::vector<int>{50, 0});
}

TEST_CASE("sinkhorn at inference takes the best: by sigmoid for one, by softmax for more") {
  const RoutedLogits one = route_logits("sinkhorn", top(1), {{0, kLn3}});
  CHECK(one.experts == Experts{1});
  check_weights(one.weights, {0.75});
  const RoutedLogits two = route_logits("sinkhorn", top(2), {{0, kLn3, kLn4}});
  CHECK(two.experts == Experts{2, 1});
  check_weights(two.weights, {0.5, 0.375});
}

TEST_CASE("sinkhorn in training balances what every token would give to one expert") {
  // All prefer expert 0, the later ones less so; after scaling half of them go to expert 1.
  const Logits logits{{4, 0}, {3, 0}, {2, 0}, {1, 0}};
  const RoutedLogits routed = route_logits("sinkhorn", top(1), logits, training(0));
  CHECK(routed.experts == Experts{0, 0, 1, 1});
  check_weights({routed.weights[1], routed.weights[2]}, {0.9525741268, 0.5});  // of the bare logits 3 and 0
}

TEST_CASE("sinkhorn in training does not see a shift of one token's logits") {
  const Logits logits{{4, 0, 1}, {3, 2, 0}, {2, 0, 2}, {1, 1, 0}};
  Logits shifted = logits;
  for (float& logit : shifted[1]) logit += 64.0f;
  CHECK(route_logits("sinkhorn", top(2), logits, training(0)).experts ==
        route_logits("sinkhorn", top(2), shifted, training(0)).experts);
}

TEST_CASE("base at inference takes the best expert with its sigmoid") {
  const RoutedLogits routed = route_logits("base", top(1), {{0, kLn3}, {1, kLn4}});
  CHECK(routed.experts == Experts{1, 1});
  check_weights(routed.weights, {0.75, 0.8});
}

namespace {

/// The largest sum of logits of an even assignment, by trying all.
double best_even_sum(const Logits& logits, std::size_t token, std::vector<std::size_t>& room) {
  if (token == logits.size()) return 0.0;
  double best = -1e30;
  for (std::size_t e = 0; e < room.size(); ++e) {
    if (room[e] == 0) continue;
    --room[e];
    best = std::max(best, static_cast<double>(logits[token][e]) + best_even_sum(logits, token + 1, room));
    ++room[e];
  }
  return best;
}

}  // namespace

TEST_CASE("base in training shares the tokens out evenly with the largest sum of logits") {
  const std::size_t experts = 3;
  for (const std::size_t tokens : {3, 6, 8, 9}) {
    std::uint64_t state = tokens;
    Logits logits(tokens, std::vector<float>(experts));
    for (auto& row : logits)
      for (float& logit : row) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        logit = static_cast<float>(state >> 40) * 0x1p-22f;
      }
    const RoutedLogits routed = route_logits("base", top(1), logits, training(0));
    const std::size_t places = (tokens + experts - 1) / experts;
    double sum = 0.0;
    for (std::size_t t = 0; t < tokens; ++t) sum += static_cast<double>(logits[t][routed.experts[t]]);
    for (const int load : loads(routed, experts)) CHECK(load <= static_cast<int>(places));
    std::vector<std::size_t> room(experts, places);
    const double best = best_even_sum(logits, 0, room);
    CHECK(sum <= best + 1e-6);
    CHECK(sum >= best - static_cast<double>(tokens) * 4.0 / 1000.0);
  }
}

TEST_CASE("base in training shares out even tokens that are all alike") {
  CHECK(loads(route_logits("base", top(1), Logits(12, {10, 0, 0}), training(0)), 3) ==
        std::vector<int>{4, 4, 4});
  const RoutedLogits routed = route_logits("base", top(1), Logits(12, {0.5f, 0.5f, 0.5f}), training(0));
  CHECK(loads(routed, 3) == std::vector<int>{4, 4, 4});
}

TEST_CASE("hash sends the same id to the same experts, whatever the scores, and spreads the ids") {
  const std::size_t tokens = 6000;
  std::vector<std::uint32_t> ids(tokens);
  for (std::size_t t = 0; t < tokens; ++t) ids[t] = static_cast<std::uint32_t>(t % 3000);
  const auto by_id = [&](GateInput& input) { input.token_ids = ids; };
  const RoutedLogits one = route_logits("hash", top(2), Logits(tokens, {1, 2, 3, 4}), by_id);
  CHECK(one.experts_of(17) == one.experts_of(3017));
  CHECK(std::all_of(one.weights.begin(), one.weights.end(), [](float w) { return w == 0.5f; }));
  for (const int load : loads(one, 4)) CHECK(load == Approx(3000).margin(4.0 * 2.0 * std::sqrt(750.0)));
  CHECK_THROWS_AS(route_logits("hash", top(1), {{1, 2}}), std::invalid_argument);
}

TEST_CASE("hash can give a token all experts, each once") {
  const std::vector<std::uint32_t> ids{12345};
  const RoutedLogits all =
      route_logits("hash", top(4), {{1, 2, 3, 4}}, [&](GateInput& input) { input.token_ids = ids; });
  CHECK(all.experts == Experts{0, 1, 2, 3});
}

TEST_CASE("soft gives every expert its share of the softmax, the largest first") {
  const RoutedLogits routed = route_logits("soft", top(1), {{kLn2, 0, kLn3, kLn4}});
  CHECK(routed.experts == Experts{3, 2, 0, 1});
  check_weights(routed.weights, {0.4, 0.3, 0.2, 0.1});
}

TEST_CASE("topk_plus_one_random adds one of the other experts, each as often as the next") {
  const std::size_t tokens = 6000;
  const RoutedLogits routed =
      route_logits("topk_plus_one_random", top(2), Logits(tokens, {kLn3, 0, kLn4, 0, 0}), training(9));
  CHECK(routed.columns == 3);
  std::vector<int> drawn(5);
  for (std::size_t t = 0; t < tokens; ++t) {
    const Experts row = routed.experts_of(t);
    REQUIRE((row[0] == 2 && row[1] == 0));
    ++drawn[row[2]];
  }
  CHECK((drawn[0] == 0 && drawn[2] == 0));
  for (const std::size_t e : {1, 3, 4}) CHECK(drawn[e] == Approx(2000).margin(4.0 * std::sqrt(1333.0)));
  check_weights(routed.weights_of(0), {0.5, 0.375, 0.125});
}

TEST_CASE("topk_plus_one_random leaves its last place empty where no other expert is left") {
  const RoutedLogits routed = route_logits("topk_plus_one_random", top(2), {{0, kLn3}});
  CHECK(routed.experts == Experts{1, 0, kNoExpert});
  check_weights(routed.weights, {0.75, 0.25, 0.0});
}

TEST_CASE("Routers of one or two experts a token refuse other numbers") {
  CHECK_THROWS_AS(route_logits("switch_top1", top(2), {{1, 2, 3}}), std::invalid_argument);
  CHECK_THROWS_AS(route_logits("base", top(2), {{1, 2, 3}}), std::invalid_argument);
  CHECK_THROWS_AS(route_logits("gshard_top2", top(1), {{1, 2, 3}}), std::invalid_argument);
}

TEST_CASE("Draws depend on the seed and the token's number, not on how a batch is cut") {
  const Logits whole(900, {1.0f, 0.9f, 0.8f, 0.7f});
  for (const char* router : {"gshard_top2", "noisy_topk", "topk_plus_one_random"}) {
    const RoutedLogits all = route_logits(router, top(2), whole, training(1));
    const RoutedLogits tail =
        route_logits(router, top(2), Logits(whole.begin() + 800, whole.end()), [](GateInput& input) {
          input.phase = GatePhase::training;
          input.seed = 1;
          input.first_token = 800;
        });
    const auto end = all.experts.end();
    CHECK(Experts(end - static_cast<std::ptrdiff_t>(tail.experts.size()), end) == tail.experts);
    CHECK(route_logits(router, top(2), whole, training(2)).experts != all.experts);
  }
}
