// Races without simulations: entrants that carry a given load.
#include "sim/study/plan/race.hpp"

#include <catch2/catch.hpp>

namespace switchyard {
namespace {

/// Runs to the end; entrant i meets the rates up to limits[i]. Returns how many runs it took.
std::size_t run(Race& race, const std::vector<double>& limits) {
  std::size_t runs = 0;
  while (!race.done()) {
    std::vector<bool> met;
    for (const std::size_t runner : race.runners()) met.push_back(race.rate() <= limits[runner]);
    runs += met.size();
    REQUIRE(runs < 10'000);
    race.tell(met);
  }
  return runs;
}

}  // namespace

TEST_CASE("A race finds what the best entrant carries, whatever the start") {
  const std::vector<double> limits = {1.7, 12.0, 3.0, 11.8};
  for (const double start : {0.01, 1.0, 11.9, 5000.0}) {
    CAPTURE(start);
    Race race({.start = start, .step = 1.6, .tolerance = 1.02, .margin = 1.05}, 4);
    run(race, limits);
    CHECK(race.carries() <= 12.0);
    CHECK(race.carries_not() > 12.0);
    CHECK(race.carries_not() <= 1.02 * race.carries());
    CHECK(race.leaders().front() == 1);
    // Of who missed the start alone it is not known by how much.
    if (start < 11.9) CHECK(race.leaders() == std::vector<std::size_t>{1, 3});
  }
}

TEST_CASE("Entrants that fall behind run no more") {
  std::vector<double> limits(100, 1.0);
  limits[42] = 100.0;
  Race race({.start = 1.5, .step = 2.0, .tolerance = 1.01}, 100);
  CHECK(run(race, limits) < 100 + 30);
  CHECK(race.leaders() == std::vector<std::size_t>{42});
}

TEST_CASE("Nobody runs at a rate that none is said to carry, whatever the start") {
  for (const double start : {0.5, 3.0, 50.0}) {
    CAPTURE(start);
    Race race({.start = start, .step = 1.5, .tolerance = 1.05, .ceiling = 4.0}, 2);
    while (!race.done()) {
      REQUIRE(race.rate() < 4.0);
      std::vector<bool> met;
      for (const std::size_t runner : race.runners()) met.push_back(runner == 1 || race.rate() <= 1.0);
      race.tell(met);
    }
    CHECK(race.carries_not() == 4.0);
    CHECK(race.carries() >= 4.0 / 1.05);
    CHECK(race.leaders() == std::vector<std::size_t>{1});
  }
}

TEST_CASE("Nobody wins a race that nobody carries") {
  Race race({.start = 8.0, .least = 0.5}, 4);
  run(race, {0.1, 0.2, 0.0, 0.3});
  CHECK(race.carries() == 0.0);
  CHECK(race.leaders().empty());
}

TEST_CASE("Below the floor a race ends at once") {
  Race race({.start = 1.0, .floor = 10.0}, 4);
  CHECK(run(race, {9.0, 9.9, 1.0, 2.0}) == 4);
  CHECK(race.leaders().empty());
  CHECK(Race({.start = 1.0, .floor = 10.0, .ceiling = 9.0}, 2).done());
}

TEST_CASE("A race of nobody is over") { CHECK(Race({}, 0).done()); }

}  // namespace switchyard
