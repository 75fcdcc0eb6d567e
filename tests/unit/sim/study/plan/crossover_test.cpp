// Who is the cheapest at which demand, from what replicas carry and cost.
#include "sim/study/plan/crossover.hpp"

#include <catch2/catch.hpp>

namespace switchyard {
namespace {

/// "model 0 to 4; model 1 to 20".
std::string text_of(const std::vector<CrossoverSegment>& segments) {
  std::string text;
  for (const CrossoverSegment& segment : segments)
    text += (text.empty() ? "" : "; ") + std::string("model ") + std::to_string(segment.model) + " to " +
            std::to_string(static_cast<int>(segment.to));
  return text;
}

}  // namespace

TEST_CASE("A small replica is the cheapest at low demand, a large efficient one at high demand") {
  // Model 0: 1 $ for 2 requests/s; model 1: 4 $ for 20.
  const std::vector<Supply> supplies = {{0, nullptr, 2.0, 1.0, 16}, {1, nullptr, 20.0, 4.0, 4}};
  const auto segments = cheapest_by_demand(supplies);
  CHECK(text_of(segments) == "model 0 to 8; model 1 to 80");
}

TEST_CASE("Of equally cheap models the one of lower demand stays") {
  const std::vector<Supply> supplies = {{0, nullptr, 2.0, 1.0, 8}, {1, nullptr, 2.0, 1.0, 10}};
  CHECK(text_of(cheapest_by_demand(supplies)) == "model 0 to 16; model 1 to 20");
}

TEST_CASE("Of equally cheap models the one that would still serve most goes first") {
  const std::vector<Supply> supplies = {{0, nullptr, 2.0, 1.0, 8}, {1, nullptr, 12.0, 1.0, 4}};
  CHECK(text_of(cheapest_by_demand(supplies)) == "model 1 to 48");
}

TEST_CASE("Sizes of replicas of one model are one segment, and nothing carries more than the budget lets") {
  const std::vector<Supply> supplies = {{0, nullptr, 3.0, 1.0, 2}, {0, nullptr, 10.0, 2.0, 1}};
  CHECK(text_of(cheapest_by_demand(supplies)) == "model 0 to 10");
  CHECK(cheapest_by_demand({}).empty());
}

}  // namespace switchyard
