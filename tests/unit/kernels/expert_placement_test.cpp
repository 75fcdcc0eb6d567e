// Where the placements put experts.
#include "kernels/expert_placement.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

using namespace switchyard;

TEST_CASE("Linear placement gives a rank a block of neighbours, round-robin deals them out") {
  REQUIRE(expert_placements()[0].name == "linear");
  CHECK(expert_placements()[0].place(8, 4) == std::vector<std::uint16_t>{0, 0, 1, 1, 2, 2, 3, 3});
  REQUIRE(expert_placements()[1].name == "round_robin");
  CHECK(expert_placements()[1].place(8, 4) == std::vector<std::uint16_t>{0, 1, 2, 3, 0, 1, 2, 3});
}

TEST_CASE("Every placement gives every rank the same number of experts") {
  for (const ExpertPlacement& placement : expert_placements()) {
    const auto ranks = placement.place(256, 32);
    for (std::uint16_t rank = 0; rank < 32; ++rank) CHECK(std::count(ranks.begin(), ranks.end(), rank) == 8);
  }
}

TEST_CASE("Experts that cannot be shared out equally are refused") {
  for (const ExpertPlacement& placement : expert_placements()) {
    CHECK_THROWS_AS(placement.place(8, 3), std::invalid_argument);
    CHECK_THROWS_AS(placement.place(8, 16), std::invalid_argument);
    CHECK_THROWS_AS(placement.place(8, 0), std::invalid_argument);
    CHECK_THROWS_AS(placement.place(0, 1), std::invalid_argument);
  }
}
