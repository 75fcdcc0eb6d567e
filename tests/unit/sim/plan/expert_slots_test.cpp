// Slots of ranks.
#include "sim/plan/expert_slots.hpp"

#include <catch2/catch.hpp>

#include "sim/base/ensure.hpp"

using namespace switchyard;

TEST_CASE("A rank has its block of slots, and each knows how many replicas its expert has") {
  ExpertSlots slots(2);
  slots.add_layer(std::vector<std::uint16_t>{1, 0, 1, 2});
  CHECK(slots.layers() == 1);
  CHECK(slots.has_replicas());
  const auto second = slots.on(0, 1);
  REQUIRE(second.size() == 2);
  CHECK(second[0].expert == 1);
  CHECK(second[0].replica == 1);
  CHECK(second[0].replicas == 2);
  CHECK(second[1].expert == 2);
  CHECK(second[1].replicas == 1);
}

TEST_CASE("A placement of one slot an expert has no replicas") {
  ExpertSlots slots(2);
  slots.add_layer(std::vector<std::uint16_t>{1, 0});
  slots.add_layer(std::vector<std::uint16_t>{3, 2, 1, 0});
  CHECK_FALSE(slots.has_replicas());
}

TEST_CASE("An expert without a slot, or slots that ranks cannot share, break a law") {
  ExpertSlots slots(2);
  CHECK_THROWS_AS(slots.add_layer(std::vector<std::uint16_t>{0, 2}), LawBroken);
  CHECK_THROWS_AS(slots.add_layer(std::vector<std::uint16_t>{0, 1, 2}), LawBroken);
  CHECK_THROWS_AS(slots.add_layer(std::vector<std::uint16_t>{}), LawBroken);
}

TEST_CASE("The imbalance of ranks is the mean over layers of max over mean, replicas sharing equally") {
  ExpertSlots slots(2);
  slots.add_layer(std::vector<std::uint16_t>{0, 1, 0, 2});  // ranks with 6 / 2 + 1 and 6 / 2 + 3
  slots.add_layer(std::vector<std::uint16_t>{0, 1});        // ranks with 4 and 0
  const ExpertCounts loads{2, 3, {6, 1, 3, 4, 0, 0}};
  CHECK(rank_imbalance(slots, loads) == Approx(0.5 * (6.0 / 5.0 + 2.0)));
}
