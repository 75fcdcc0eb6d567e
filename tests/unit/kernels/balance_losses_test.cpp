// The balance losses against values worked out by hand, their gradients against differences, and the golden
// cases where they are at hand.
#include "kernels/balance_losses.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "tests/support/shared_data.hpp"

using namespace switchyard;

namespace {

using Json = nlohmann::json;
using Experts = std::vector<std::uint16_t>;

// Softmax 1/4, 3/4 and 1/2, 1/2.
const std::vector<float> kLogits{0.0f, 1.09861229f, 2.0f, 2.0f};

/// The k best experts of each row by the plain softmax rule.
Experts chosen(const std::vector<float>& logits, std::int64_t experts, std::int64_t k) {
  const std::size_t tokens = logits.size() / static_cast<std::size_t>(experts);
  Experts result;
  std::vector<std::uint16_t> order(static_cast<std::size_t>(experts));
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t e = 0; e < order.size(); ++e) order[e] = static_cast<std::uint16_t>(e);
    const float* row = logits.data() + t * order.size();
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint16_t a, std::uint16_t b) { return row[a] > row[b]; });
    result.insert(result.end(), order.begin(), order.begin() + k);
  }
  return result;
}

/// The derivative of `loss` by each logit from differences.
template <class Loss>
std::vector<double> differences(std::vector<float> logits, Loss loss) {
  std::vector<double> result;
  for (float& logit : logits) {
    const float middle = logit;
    logit = middle + 0.0078125f;
    const double above = loss(logits);
    logit = middle - 0.0078125f;
    const double below = loss(logits);
    logit = middle;
    result.push_back((above - below) / 0.015625);
  }
  return result;
}

void check_close(const std::vector<float>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(expected[i]).margin(1e-4));
}

}  // namespace

TEST_CASE("The auxiliary loss is alpha when choices and probabilities are even") {
  const std::vector<float> even(8, 0.5f);
  CHECK(auxiliary_loss({4, even, Experts{0, 1, 2, 3}}, 0.01) == Approx(0.01));
  CHECK(auxiliary_loss({4, even, Experts{0, 1}}, 0.01) == Approx(0.01));  // half the experts, even p
}

TEST_CASE("The auxiliary loss weighs each expert's share of the choices with its mean probability") {
  // P = 3/8, 5/8; both tokens on expert 1: 2 x 1 x 5/8.
  CHECK(auxiliary_loss({2, kLogits, Experts{1, 1}}, 1.0) == Approx(1.25));
  CHECK(auxiliary_loss({2, kLogits, Experts{1, 0}}, 1.0) == Approx(1.0));
}

TEST_CASE("The z-loss is the mean squared log of the sum of exponentials") {
  const double first = std::log(4.0), second = 2.0 + std::log(2.0);
  CHECK(z_loss({2, kLogits, {}}, 0.5) == Approx(0.25 * (first * first + second * second)));
}

TEST_CASE("The gradients of both losses are their slopes") {
  const std::vector<float> logits{0.3f, -1.0f, 0.8f, 2.0f, 0.1f, -0.4f};
  const Experts experts{2, 0};
  std::vector<float> gradient(6, 0.0f);
  add_auxiliary_gradient({3, logits, experts}, 0.7, gradient);
  check_close(gradient, differences(logits, [&](const std::vector<float>& at) {
                return auxiliary_loss({3, at, experts}, 0.7);
              }));
  std::fill(gradient.begin(), gradient.end(), 0.0f);
  add_z_gradient({3, logits, {}}, 0.7, gradient);
  check_close(gradient, differences(logits, [&](const std::vector<float>& at) {
                return z_loss({3, at, {}}, 0.7);
              }));
}

TEST_CASE("A gradient is added to what is there") {
  std::vector<float> gradient(4, 10.0f);
  add_z_gradient({2, kLogits, {}}, 1.0, gradient);
  CHECK(gradient[0] == Approx(10.0 + std::log(4.0) * 0.25));
}

TEST_CASE("The selection bias moves by its rate towards the mean, and experts at the mean keep theirs") {
  std::vector<float> bias{0.5f, 0.5f, 0.5f, 0.5f};
  update_selection_bias(std::vector<std::uint32_t>{10, 0, 5, 5}, 0.25f, bias);
  CHECK(bias == std::vector<float>{0.25f, 0.75f, 0.5f, 0.5f});
}

TEST_CASE("The balance losses refuse batches that are none") {
  const std::vector<float> logits(6, 0.0f);
  std::vector<float> wrong(5);
  CHECK_THROWS_AS(auxiliary_loss({4, logits, Experts{0}}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(auxiliary_loss({3, logits, Experts{0, 1, 2}}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(auxiliary_loss({3, logits, Experts{0, 3}}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(auxiliary_loss({3, {}, Experts{}}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(z_loss({0, logits, {}}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(z_loss({3, std::vector<float>{0.0f, NAN, 0.0f}, {}}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(add_z_gradient({3, logits, {}}, 1.0, wrong), std::invalid_argument);
  CHECK_THROWS_AS(add_auxiliary_gradient({3, logits, Experts{0, 0}}, 1.0, wrong), std::invalid_argument);
  CHECK_THROWS_AS(update_selection_bias(std::vector<std::uint32_t>{1}, 0.1f, wrong), std::invalid_argument);
  CHECK_THROWS_AS(update_selection_bias(std::vector<std::uint32_t>(5), NAN, wrong), std::invalid_argument);
}

TEST_CASE("The losses and the bias update reproduce the golden cases computed in double precision") {
  const auto file = shared_data("gating_vectors.json");
  if (!file) {
    WARN("skipped: gating_vectors.json is not at hand");
    return;
  }
  const Json golden = Json::parse(std::ifstream(*file));
  const Json& losses = golden.at("losses");
  std::vector<float> logits;
  for (const Json& row : losses.at("logits"))
    for (const Json& value : row) logits.push_back(value.get<float>());
  const auto experts = static_cast<std::int64_t>(losses.at("logits").at(0).size());
  CHECK(auxiliary_loss({experts, logits, chosen(logits, experts, 1)}, 1e-2) ==
        Approx(losses.at("switch_aux_k1_alpha1e_2").get<double>()).epsilon(2e-6));
  CHECK(auxiliary_loss({experts, logits, chosen(logits, experts, 2)}, 1e-2) ==
        Approx(losses.at("switch_aux_k2_alpha1e_2").get<double>()).epsilon(2e-6));
  CHECK(z_loss({experts, logits, {}}, 1e-3) == Approx(losses.at("z_loss_1e_3").get<double>()).epsilon(2e-6));

  const Json& update = golden.at("bias_update");
  auto bias = update.at("bias").get<std::vector<float>>();
  update_selection_bias(update.at("counts").get<std::vector<std::uint32_t>>(),
                        update.at("gamma").get<float>(), bias);
  CHECK(bias == update.at("out").get<std::vector<float>>());
}
