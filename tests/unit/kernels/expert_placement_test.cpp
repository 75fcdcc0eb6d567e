// Where the placements put experts.
#include "kernels/expert_placement.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

using namespace switchyard;

namespace {

const ExpertPlacement& placement_named(const std::string& name) {
  const auto rows = expert_placements();
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const ExpertPlacement& p) { return p.name == name; });
  REQUIRE(row != rows.end());
  return *row;
}

PlacementInput input_of(std::span<const float> loads, std::int64_t slots, std::int64_t ranks) {
  return {static_cast<std::int64_t>(loads.size()), {slots, ranks, 1, 1}, loads};
}

}  // namespace

TEST_CASE("Linear placement gives a rank a block of neighbours, round-robin deals them out") {
  const std::vector<float> loads(8, 1.0f);
  CHECK(placement_named("linear").place(input_of(loads, 8, 4)) ==
        std::vector<std::uint16_t>{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(placement_named("round_robin").place(input_of(loads, 8, 4)) ==
        std::vector<std::uint16_t>{0, 4, 1, 5, 2, 6, 3, 7});
}

TEST_CASE("Every placement gives every expert a slot, and with as many slots exactly one") {
  std::vector<float> loads(256);
  for (std::size_t e = 0; e < loads.size(); ++e) loads[e] = static_cast<float>((e * 37) % 101);
  for (const ExpertPlacement& placement : expert_placements()) {
    auto slots = placement.place(input_of(loads, 256, 32));
    std::sort(slots.begin(), slots.end());
    REQUIRE(slots.size() == 256);
    for (std::size_t e = 0; e < slots.size(); ++e) CHECK(slots[e] == e);
  }
}

TEST_CASE("Only a placement that balances fills spare slots") {
  const std::vector<float> loads = {1.0f, 9.0f, 1.0f, 1.0f};
  for (const ExpertPlacement& placement : expert_placements()) {
    INFO(placement.name);
    if (placement.balances) {
      const auto slots = placement.place(input_of(loads, 6, 2));
      CHECK(std::count(slots.begin(), slots.end(), std::uint16_t{1}) == 3);
    } else {
      CHECK_THROWS_AS(placement.place(input_of(loads, 6, 2)), std::invalid_argument);
    }
  }
}

TEST_CASE("Experts that cannot be shared out equally are refused") {
  const std::vector<float> loads(8, 1.0f);
  for (const ExpertPlacement& placement : expert_placements()) {
    CHECK_THROWS_AS(placement.place(input_of(loads, 8, 3)), std::invalid_argument);
    CHECK_THROWS_AS(placement.place(input_of(loads, 8, 16)), std::invalid_argument);
    CHECK_THROWS_AS(placement.place(input_of(loads, 8, 0)), std::invalid_argument);
    CHECK_THROWS_AS(placement.place(input_of({}, 0, 1)), std::invalid_argument);
    if (placement.balances) CHECK_THROWS_AS(placement.place({8, {8, 4, 1, 1}, {}}), std::invalid_argument);
  }
}
