// Routes of a fat tree.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/routes.hpp"

namespace switchyard {

TEST_CASE("In a fat tree a route climbs no higher than the switch that both nodes are under") {
  const LinkGraph graph = graph_of(16, R"("kind": "fat_tree", "nodes_per_leaf": 2, "leaves_per_pod": 2)");
  CHECK(switches_between(graph, 3, 8 + 5) == Names{"leaf0"});  // NICs of other numbers share the leaf
  CHECK(switches_between(graph, 3, 8 * 2) == Names{"leaf0", "pod0/spine0", "leaf1"});
  CHECK(switches_between(graph, 3, 8 * 4) ==
        Names{"leaf0", "pod0/spine0", "plane0/core0", "pod1/spine0", "leaf2"});
  CHECK(graph.latency(graph.route(3, 8 * 4)).value() == Approx(2e-6 + 4 * 450e-9));
}

TEST_CASE("With a hash every spine and every core of a fat tree carries routes") {
  const LinkGraph graph =
      graph_of(16, R"("kind": "fat_tree", "nodes_per_leaf": 1, "leaves_per_pod": 4, "oversubscription": 2,
             "routing": "ecmp")");
  std::set<std::string> met;
  for (GpuId from = 0; from < 32; ++from)
    for (GpuId to = 32; to < 128; ++to)
      for (const std::string& name : switches_between(graph, from, to)) met.insert(name);
  // 16 leaves, 4 spines (8 NICs a leaf, half of them upwards) in each of 4 pods, 4 cores for each spine.
  CHECK(met.size() == 16 + 4 * 4 + 4 * 4);
}

TEST_CASE("Leaves share the nodes evenly, no more than 64 ports allow; a lone leaf has no spines") {
  const auto nodes_per_leaf = [](const std::string& json) {
    return read_cluster(parse_json(json, "test"), "", "test").fabric.nodes_per_leaf;
  };
  CHECK(nodes_per_leaf(R"({"base": "hgx-h100", "nodes": 9, "fabric": {"kind": "fat_tree"}})") == 3);
  CHECK(nodes_per_leaf(R"({"base": "hgx-h100", "nodes": 64, "fabric": {"kind": "fat_tree"}})") == 4);
  CHECK(nodes_per_leaf(
            R"({"base": "hgx-h100", "nodes": 9, "fabric": {"kind": "fat_tree", "oversubscription": 3}})") ==
        5);
  CHECK(nodes_per_leaf(R"({"base": "gb200-nvl72", "nodes": 9, "fabric": {"kind": "fat_tree"}})") == 1);
  const LinkGraph small = graph_of(3, R"("kind": "fat_tree")");
  CHECK(small.links().size() == 2 * 3 * 24);  // one leaf: no spines
}

}  // namespace switchyard
