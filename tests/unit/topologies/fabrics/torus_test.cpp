// Routes of a torus.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/support/routes.hpp"

namespace switchyard {

TEST_CASE("In a torus a route goes along one dimension after the other, the short way round") {
  const LinkGraph graph = graph_of(15, R"("kind": "torus", "dimensions": [3, 5])");
  CHECK(switches_between(graph, 0, 8 * 13) ==
        Names{"router0.0", "router2.0", "router2.4", "router2.3"});  // 0.0 to 2.3
  CHECK(switches_between(graph, 8 * 13, 0) == Names{"router2.3", "router0.3", "router0.4", "router0.0"});
  CHECK(route_names(graph, 2, 8 + 5) == Names{"node0/gpu2>nic2", "node0/nic2>router0.0",
                                              "router0.0>router0.1", "router0.1>node1/nic5",
                                              "node1/nic5>gpu5"});
  CHECK(graph.latency(graph.route(0, 8 * 13)).value() == Approx(2e-6 + 3 * 100e-9));
}

TEST_CASE("A hash takes every shortest way of a torus, and no other") {
  const LinkGraph graph = graph_of(64, R"("kind": "torus", "dimensions": [8, 8], "routing": "ecmp")");
  std::set<std::string> second;
  for (GpuId from = 0; from < 8; ++from)
    for (GpuId to = 8 * 18; to < 8 * 19; ++to) {  // 2.2
      const Names switches = switches_between(graph, from, to);
      REQUIRE(switches.size() == 5);
      second.insert(switches[1]);
    }
  CHECK(second == std::set<std::string>{"router0.1", "router1.0"});
}

TEST_CASE("Halfway round a ring both ways are taken, each by about half of the pairs") {
  const LinkGraph graph = graph_of(4, R"("kind": "torus", "dimensions": [4])");
  std::map<std::string, int> by;
  for (GpuId from = 0; from < 8; ++from)
    for (GpuId to = 16; to < 24; ++to) ++by[switches_between(graph, from, to)[1]];
  CHECK(by.size() == 2);
  for (const auto& [name, count] : by) CHECK((count > 16 && count < 48));
}

TEST_CASE("A torus of two along a dimension has one cable there, and one node has none") {
  CHECK(graph_of(4, R"("kind": "torus", "dimensions": [2, 2])").links().size() == 2 * (3 * 32 + 4));
  CHECK(graph_of(3, R"("kind": "torus", "dimensions": [3, 1])").links().size() == 2 * (3 * 24 + 3));
}

}  // namespace switchyard
