// Ranks of a group and where they stand in their nodes.
#include "sim/collectives/groups.hpp"

#include <catch2/catch.hpp>

#include "tests/support/clusters.hpp"

using namespace switchyard;

TEST_CASE("A group's nodes and the places on them are numbered in the group's order") {
  const LinkGraph graph(round_cluster(2, 8));
  const std::vector<GpuId> group = {9, 2, 11, 3, 8};
  CHECK(by_node(graph, group) == std::vector<std::vector<GpuId>>{{9, 11, 8}, {2, 3}});
  const std::vector<Seat> seats = seats_of(graph, group);
  const std::vector<std::size_t> nodes = {0, 1, 0, 1, 0}, on_them = {0, 0, 1, 1, 2}, of = {3, 2, 3, 2, 3};
  REQUIRE(seats.size() == group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    INFO(i);
    CHECK(seats[i].node == nodes[i]);
    CHECK(seats[i].place == on_them[i]);
    CHECK(seats[i].places == of[i]);
  }
}
