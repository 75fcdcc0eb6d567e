// Free graphs: what they say, and that they say the same when they are read back.
#include "topologies/graphs/graph.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "tests/support/routes.hpp"
#include "tests/support/temporary_folder.hpp"
#include "topologies/analysis.hpp"
#include "topologies/drawing.hpp"

namespace switchyard {
namespace {

/// Two nodes of two GPUs, out of order, whose NICs meet at two routers.
const std::string kDiamond = R"({"gpu": "h100_sxm", "graph": {
  "devices": [{"name": "b0", "kind": "gpu", "node": "b"}, {"name": "a0", "kind": "gpu", "node": "a"},
              {"name": "b1", "kind": "gpu", "node": "b"}, {"name": "a1", "kind": "gpu", "node": "a"},
              {"name": "na", "kind": "nic", "node": "a"}, {"name": "nb", "kind": "nic", "node": "b"},
              {"name": "left", "kind": "router"}, {"name": "right", "kind": "router"}],
  "links": [{"from": "a0", "to": "a1", "bandwidth": "300 GB/s", "latency": "1 us"},
            {"from": "b0", "to": "b1", "bandwidth": "300 GB/s"},
            {"from": "a0", "to": "na", "bandwidth": "64 GB/s"}, {"from": "a1", "to": "na", "bandwidth": "64 GB/s"},
            {"from": "b0", "to": "nb", "bandwidth": "64 GB/s"}, {"from": "b1", "to": "nb", "bandwidth": "64 GB/s"},
            {"from": "na", "to": "left", "bandwidth": "25 GB/s", "latency": "2 us"},
            {"from": "na", "to": "right", "bandwidth": "25 GB/s", "latency": "2 us"},
            {"from": "left", "to": "nb", "bandwidth": "25 GB/s", "latency": "3 us"},
            {"from": "right", "to": "nb", "bandwidth": "25 GB/s", "latency": "3 us"}]}})";

Json without_names(const Cluster& cluster) {
  Json json = to_json(cluster);
  for (const char* key : {"name", "source"}) json.erase(key);
  return json;
}

void check_same(const LinkGraph& a, const LinkGraph& b) {
  REQUIRE(a.gpus() == b.gpus());
  REQUIRE(a.links().size() == b.links().size());
  REQUIRE(a.devices().size() == b.devices().size());
  for (GpuId from = 0; from < a.gpus(); from += 3)
    for (GpuId to = 0; to < a.gpus(); ++to) {
      CHECK(a.node_of(to) == b.node_of(to));
      const Names route = route_names(a, from, to);
      REQUIRE(route == route_names(b, from, to));
      REQUIRE(a.latency(a.route(from, to)) == b.latency(b.route(from, to)));
    }
  CHECK(bisection_bandwidth(a) == bisection_bandwidth(b));
}

}  // namespace

TEST_CASE("A free graph's GPUs stand node by node, and its links are what their ends are") {
  const Cluster cluster = read_cluster(parse_json(kDiamond, "test"), "", "test");
  CHECK(cluster.nodes == 2);
  CHECK(cluster.gpus_per_node == 2);
  const LinkGraph graph(cluster);
  Names names;
  for (GpuId gpu = 0; gpu < graph.gpus(); ++gpu) names.push_back(graph.devices()[gpu].name);
  CHECK(names == Names{"b0", "b1", "a0", "a1"});  // node b is met first
  CHECK(graph.links().size() == 2 * 10);
  CHECK(route_names(graph, 0, 1) == Names{"b0>b1"});
  const auto across = graph.route(0, 3);
  REQUIRE(across.size() == 4);
  CHECK(graph.links()[across[0]].kind == LinkKind::pcie);
  CHECK(graph.links()[across[1]].kind == LinkKind::nic);
  CHECK(graph.links()[graph.route(0, 1)[0]].kind == LinkKind::nvlink);
  CHECK(bisection_bandwidth(graph).value() == Approx(50e9));
}

TEST_CASE("The latencies of a free graph are those of its longest routes, unless they are given") {
  const Cluster cluster = read_cluster(parse_json(kDiamond, "test"), "", "test");
  CHECK(cluster.nvlink_latency.value() == 0.0);  // the first GPU is b0
  CHECK(cluster.fabric_latency.value() == Approx(5e-6));
  Json json = parse_json(kDiamond, "test");
  json["nvlink_latency"] = "1 us";
  CHECK(read_cluster(json, "", "test").nvlink_latency.value() == Approx(1e-6));
}

TEST_CASE("Of several shortest ways in a free graph a hash takes each, and a longer link none") {
  Json json = parse_json(kDiamond, "test");
  std::set<std::string> met;
  const auto meet = [&] {
    met.clear();
    const LinkGraph graph(read_cluster(json, "", "test"));
    for (GpuId from : {0u, 1u})
      for (GpuId to : {2u, 3u})
        for (const std::string& name : switches_between(graph, from, to)) met.insert(name);
  };
  meet();
  CHECK(met.size() == 2);
  json["graph"]["links"][6]["length"] = 2;
  meet();
  CHECK(met == std::set<std::string>{"right"});
}

TEST_CASE("Every cluster's GraphML and JSON read back as the same graph, with the same routes") {
  for (
      const char* wish :
      {R"("hgx-h100x2")", R"("l40s-pciex2")", R"("rtx-4090-pciex2")", R"("mi300x-8x2")", R"("gb200-nvl72x2")",
       R"({"base": "hgx-h100x15", "fabric": {"kind": "torus", "dimensions": [3, 5]}})",
       R"({"base": "hgx-h100x9", "fabric": {"kind": "dragonfly", "routers_per_group": 3, "routing": "ecmp"}})",
       R"({"base": "hgx-h100x8", "fabric": {"kind": "fat_tree", "nodes_per_leaf": 2, "routing": "ecmp"}})"}) {
    CAPTURE(wish);
    const Cluster cluster = read_cluster(parse_json(wish, "test"), "", "test");
    const LinkGraph graph(cluster);
    const TemporaryFolder folder;
    std::ostringstream text;
    write_graphml(graph, text);
    folder.write("graph.graphml", text.str());
    const Json of_file = {{"gpu", cluster.gpu.name}, {"graph", "graph.graphml"}};
    const Cluster reread = read_cluster(of_file, folder.path().string(), "test");
    CHECK(reread.nodes == cluster.nodes);
    check_same(graph, LinkGraph(reread));
    const Cluster again = read_cluster(to_json(reread), "", "test");
    CHECK(without_names(again) == without_names(reread));
    folder.write("graph.json", to_json(reread)["graph"].dump());
    check_same(graph, LinkGraph(read_cluster({{"gpu", cluster.gpu.name}, {"graph", "graph.json"}},
                                             folder.path().string(), "test")));
  }
}

TEST_CASE("GraphML of other programs reads: namespaces, defaults, undirected edges, data that mean nothing") {
  const TemporaryFolder folder;
  folder.write("graph.graphml", R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- as networkx and yEd write it -->
<g:graphml xmlns:g="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
  <g:key id="d0" for="node" attr.name="kind" attr.type="string"><g:default>gpu</g:default></g:key>
  <g:key id="d1" for="edge" attr.name="bandwidth" attr.type="string"><g:default> 50 GB/s </g:default></g:key>
  <g:key id="d2" for="edge" attr.name="latency" attr.type="string"/>
  <g:key id="d3" for="node" yfiles.type="nodegraphics"/>
  <g:graph id="G" edgedefault="undirected">
    <g:data key="d3">of the graph</g:data>
    <g:edge source="x" target="hub"><g:data key="d2">1 us</g:data></g:edge>
    <g:edge source="y" target="hub" directed="false"/>
    <g:node id="x"/>
    <g:node id="y"><g:data key="d3"><y:ShapeNode><y:Fill color="#FFCC00"/></y:ShapeNode></g:data></g:node>
    <g:node id="hub"><g:data key="d0">router</g:data></g:node>
  </g:graph>
</g:graphml>)");
  const LinkGraph graph(
      read_cluster({{"gpu", "h100_sxm"}, {"graph", "graph.graphml"}}, folder.path().string(), "test"));
  CHECK(route_names(graph, 0, 1) == Names{"x>hub", "hub>y"});
  CHECK(graph.latency(graph.route(0, 1)).value() == Approx(1e-6));
  CHECK(graph.links()[0].bandwidth.value() == Approx(50e9));
  CHECK(graph.links().size() == 4);
}

TEST_CASE("What entered another node through a NIC does not leave it again") {
  // a's only NIC meets b's, and b's other NIC meets c's: a and c have no way.
  const std::string json = R"({"gpu": "h100_sxm", "graph": {
    "devices": [{"name": "a", "kind": "gpu", "node": "a"}, {"name": "b", "kind": "gpu", "node": "b"},
      {"name": "c", "kind": "gpu", "node": "c"}, {"name": "na", "kind": "nic", "node": "a"},
      {"name": "nb", "kind": "nic", "node": "b"}, {"name": "mb", "kind": "nic", "node": "b"},
      {"name": "nc", "kind": "nic", "node": "c"}, {"name": "hb", "kind": "host_bridge", "node": "b"}],
    "links": [{"from": "a", "to": "na", "bandwidth": "1 GB/s"}, {"from": "na", "to": "nb", "bandwidth": "1 GB/s"},
      {"from": "nb", "to": "hb", "bandwidth": "1 GB/s"}, {"from": "b", "to": "hb", "bandwidth": "1 GB/s"},
      {"from": "hb", "to": "mb", "bandwidth": "1 GB/s"}, {"from": "mb", "to": "nc", "bandwidth": "1 GB/s"},
      {"from": "nc", "to": "c", "bandwidth": "1 GB/s"}]}})";
  CHECK_THROWS_WITH(graph_of(json), Catch::Contains("has no way from \"a\" to \"c\""));
}

TEST_CASE("Words for a larger cluster say that a free graph must grow") {
  const Cluster cluster = read_cluster(parse_json(kDiamond, "test"), "", "test");
  CHECK(words_for_nodes(cluster, 4) == "a /cluster/graph of 4 nodes");
}

}  // namespace switchyard
