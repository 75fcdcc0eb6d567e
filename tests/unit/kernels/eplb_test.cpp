// Expert load balancing: upstream's own outputs, and what must hold of any.
#include "kernels/eplb.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <stdexcept>

#include "tests/support/shared_data.hpp"

using namespace switchyard;

namespace {

using Json = nlohmann::json;

std::vector<float> spread_loads(std::size_t experts, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> loads;
  for (std::size_t e = 0; e < experts; ++e) loads.push_back(static_cast<float>(random() % 1000));
  return loads;
}

/// The heaviest rank's load when an expert's is spread over its replicas equally.
double heaviest_rank(std::span<const float> loads, const std::vector<std::uint16_t>& slots,
                     std::int64_t ranks) {
  std::vector<double> replicas(loads.size(), 0.0);
  for (const std::uint16_t expert : slots) replicas[expert] += 1.0;
  std::vector<double> sums(static_cast<std::size_t>(ranks), 0.0);
  const std::size_t room = slots.size() / sums.size();
  for (std::size_t slot = 0; slot < slots.size(); ++slot)
    sums[slot / room] += loads[slots[slot]] / replicas[slots[slot]];
  return *std::max_element(sums.begin(), sums.end());
}

std::vector<std::uint16_t> linear_slots(std::int64_t experts) {
  std::vector<std::uint16_t> slots(static_cast<std::size_t>(experts));
  std::iota(slots.begin(), slots.end(), std::uint16_t{0});
  return slots;
}

}  // namespace

// Loads and result of the example in the README of github.com/deepseek-ai/EPLB.
TEST_CASE("The balancer gives the placement of upstream's README") {
  const std::vector<float> first = {90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86};
  const std::vector<float> second = {20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27};
  const SlotShape shape{16, 8, 4, 2};
  CHECK(eplb_policy(12, shape) == EplbPolicy::hierarchical);
  CHECK(balance_experts(first, shape, EplbPolicy::hierarchical) ==
        std::vector<std::uint16_t>{5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1});
  CHECK(balance_experts(second, shape, EplbPolicy::hierarchical) ==
        std::vector<std::uint16_t>{7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1});
}

TEST_CASE("The balancer agrees with every vector, hierarchical and global") {
  const auto path = shared_data("gating_vectors.json");
  if (!path) {
    WARN("skipped: no gating_vectors.json");
    return;
  }
  std::ifstream file(*path);
  const Json cases = Json::parse(file).at("eplb");
  REQUIRE(cases.size() >= 2);
  for (const Json& one : cases) {
    const SlotShape shape{one.at("num_replicas"), one.at("num_gpus"), one.at("num_groups"),
                          one.at("num_nodes")};
    for (std::size_t layer = 0; layer < one.at("weight").size(); ++layer) {
      INFO(one.at("source") << ", layer " << layer);
      const auto loads = one.at("weight")[layer].get<std::vector<float>>();
      const EplbPolicy policy = eplb_policy(static_cast<std::int64_t>(loads.size()), shape);
      CHECK(balance_experts(loads, shape, policy) ==
            one.at("phy2log")[layer].get<std::vector<std::uint16_t>>());
    }
  }
}

TEST_CASE("Every expert has a slot, and without spare slots exactly one") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const auto loads = spread_loads(64, seed);
    for (const EplbPolicy policy : {EplbPolicy::hierarchical, EplbPolicy::global}) {
      auto one_each = balance_experts(loads, {64, 8, 8, 2}, policy);
      std::sort(one_each.begin(), one_each.end());
      CHECK(one_each == linear_slots(64));
      const auto more = balance_experts(loads, {80, 8, 8, 2}, policy);
      REQUIRE(more.size() == 80);
      for (std::uint16_t expert = 0; expert < 64; ++expert)
        CHECK(std::count(more.begin(), more.end(), expert) >= 1);
    }
  }
}

TEST_CASE("A hierarchical placement keeps the experts of a group on one node") {
  const auto slots = balance_experts(spread_loads(64, 3), {96, 16, 8, 4}, EplbPolicy::hierarchical);
  std::vector<std::size_t> node_of_group(8, 4);
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    std::size_t& node = node_of_group[slots[slot] / 8u];
    if (node == 4) node = slot / 24;
    CHECK(node == slot / 24);
  }
}

TEST_CASE("Balancing never leaves a rank with more load than equal blocks of neighbours do") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const auto loads = spread_loads(32, seed);
    const double before = heaviest_rank(loads, linear_slots(32), 8);
    for (const std::int64_t slots : {32, 40, 64}) {
      const auto placed = balance_experts(loads, {slots, 8, 1, 1}, EplbPolicy::global);
      CHECK(heaviest_rank(loads, placed, 8) <= before * (1.0 + 1e-6));
    }
  }
}

TEST_CASE("Experts of equal load stand in their order") {
  CHECK(balance_experts(std::vector<float>(4, 7.0f), {4, 2, 1, 1}, EplbPolicy::global) ==
        std::vector<std::uint16_t>{0, 2, 1, 3});
  CHECK(balance_experts(std::vector<float>(4, 7.0f), {6, 6, 1, 1}, EplbPolicy::global) ==
        std::vector<std::uint16_t>{0, 1, 2, 3, 0, 1});
}

TEST_CASE("The policy is hierarchical where nodes divide groups, else global") {
  CHECK(eplb_policy(256, {288, 32, 8, 4}) == EplbPolicy::hierarchical);
  CHECK(eplb_policy(256, {288, 32, 8, 3}) == EplbPolicy::global);
  CHECK(eplb_policy(256, {288, 32, 1, 4}) == EplbPolicy::global);
}

TEST_CASE("Sizes and loads that a balancer cannot work with are refused") {
  const std::vector<float> loads(8, 1.0f);
  const auto refused = [&](const SlotShape& shape, EplbPolicy policy = EplbPolicy::global) {
    CHECK_THROWS_AS(balance_experts(loads, shape, policy), std::invalid_argument);
  };
  refused({7, 1, 1, 1});                            // fewer slots than experts
  refused({9, 2, 1, 1});                            // ranks do not divide slots
  refused({8, 0, 1, 1});                            // no rank
  refused({65544, 8, 1, 1});                        // too many slots
  refused({8, 4, 3, 1}, EplbPolicy::hierarchical);  // groups do not divide experts
  refused({8, 4, 2, 4}, EplbPolicy::hierarchical);  // nodes do not divide groups
  CHECK_THROWS_AS(balance_experts({}, {8, 1, 1, 1}, EplbPolicy::global), std::invalid_argument);
  for (const float bad :
       {-1.0f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    CHECK_THROWS_AS(balance_experts(std::vector<float>{1.0f, bad}, {2, 1, 1, 1}, EplbPolicy::global),
                    std::invalid_argument);
}
