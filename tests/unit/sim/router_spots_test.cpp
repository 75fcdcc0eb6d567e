// Where routers stand in the figure of the network.
#include "sim/router_spots.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

namespace switchyard {
namespace {

using Names = std::vector<std::string>;

Names torus(int a, int b, int c) {
  Names names;
  for (int i = 0; i < a; ++i)
    for (int j = 0; j < b; ++j)
      for (int k = 0; k < c; ++k)
        names.push_back("router" + std::to_string(i) + "." + std::to_string(j) + "." + std::to_string(k));
  return names;
}

Names dragonfly(int groups, int routers) {
  Names names;
  for (int g = 0; g < groups; ++g)
    for (int r = 0; r < routers; ++r)
      names.push_back("group" + std::to_string(g) + "/router" + std::to_string(r));
  for (int g = 0; g < groups; ++g) names.push_back("group" + std::to_string(g) + "/hub");
  return names;
}

double distance(const RouterSpot& a, const RouterSpot& b) { return std::hypot(a.x - b.x, a.y - b.y); }

double least_distance(const std::vector<RouterSpot>& spots) {
  double least = 1e9;
  for (std::size_t i = 0; i < spots.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (spots[i].name != spots[j].name) least = std::min(least, distance(spots[i], spots[j]));
  return least;
}

std::set<std::string> names_of(const std::vector<RouterSpot>& spots) {
  std::set<std::string> names;
  for (const RouterSpot& spot : spots) names.insert(spot.name);
  return names;
}

}  // namespace

TEST_CASE("Routers of a torus stand in a grid, a third dimension aslant") {
  const auto spots = router_spots(torus(4, 3, 2), 64);
  REQUIRE(spots.size() == 24);
  CHECK(spots[6].x - spots[0].x > 2.0);  // 1.0.0 beside 0.0.0, with room for the depth
  CHECK(spots[6].y == Approx(spots[0].y));
  CHECK(spots[2].y - spots[0].y == Approx(1.0));  // 0.1.0 below 0.0.0
  CHECK(spots[1].x > spots[0].x);
  CHECK(spots[1].y < spots[0].y);
  CHECK(least_distance(spots) > 0.5);
  const auto flat = router_spots(Names{"router0.0", "router0.1", "router1.0", "router1.1"}, 64);
  CHECK(flat[3].x - flat[0].x == Approx(1.0));
  CHECK(flat[3].y - flat[0].y == Approx(1.0));
}

TEST_CASE("Groups stand on a circle, their routers round them and a hub in the middle") {
  const auto spots = router_spots(dragonfly(5, 4), 64);
  REQUIRE(spots.size() == 25);
  for (std::size_t group = 0; group < 5; ++group)
    for (std::size_t r = 0; r < 4; ++r) {
      CHECK(distance(spots[4 * group + r], spots[20 + group]) == Approx(distance(spots[0], spots[20])));
      CHECK(distance(spots[4 * group + r], spots[20 + group]) <
            distance(spots[4 * group + r], spots[20 + (group + 1) % 5]));
    }
  CHECK(least_distance(spots) > 0.5);
}

TEST_CASE("Other routers stand on one circle, no two in one place") {
  const auto spots = router_spots(Names{"a", "b", "c", "d", "e"}, 64);
  REQUIRE(spots.size() == 5);
  CHECK(least_distance(spots) > 0.5);
  CHECK(least_distance(router_spots(Names{"a0.0", "b0.0", "a0.1"}, 64)) > 0.5);
  CHECK(router_spots(Names{"only"}, 64).size() == 1);
  CHECK(router_spots(Names(), 64).empty());
}

TEST_CASE("Too many routers stand as rings, as groups, or as the rest") {
  CHECK(names_of(router_spots(torus(4, 4, 4), 16)).count("router3.3.*") == 1);
  CHECK(names_of(router_spots(torus(4, 4, 4), 16)).size() == 16);
  CHECK(names_of(router_spots(torus(4, 4, 4), 4)).count("router2.*") == 1);
  CHECK(names_of(router_spots(torus(4, 4, 4), 3)) ==
        std::set<std::string>{"router0.*", "router1.*", "32 more routers"});
  CHECK(names_of(router_spots(dragonfly(3, 8), 16)) == std::set<std::string>{"group0", "group1", "group2"});
  const auto spots = router_spots(Names{"a", "b", "c", "d", "e"}, 3);
  CHECK(names_of(spots) == std::set<std::string>{"a", "b", "3 more routers"});
  CHECK(least_distance(spots) > 0.5);
}

}  // namespace switchyard
