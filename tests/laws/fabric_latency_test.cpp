// Laws of latency: what collectives take between nodes is what the routes have.
#include <catch2/catch.hpp>

#include "sim/collectives/implementations.hpp"
#include "sim/collectives/parameters.hpp"
#include "tests/support/clusters.hpp"
#include "topologies/analysis.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

Cluster cluster_of(std::int64_t nodes, const std::string& fabric) {
  return read_cluster(parse_json(R"({"base": "hgx-h100", "nodes": )" + std::to_string(nodes) +
                                     R"(, "fabric": {)" + fabric + "}}",
                                 "test"),
                      "", "test");
}

/// Of a small all-reduce over `gpus`.
Seconds all_reduce_of(const Cluster& cluster, GpuId gpus) {
  const LinkGraph graph(cluster);
  return choose_implementation("all_reduce", "nccl", "")
      .make(graph, first_gpus(gpus), collective_parameters(cluster, graph, gpus))
      .time(Bytes(1024.0));
}

const std::string kFabrics[] = {R"("kind": "torus")", R"("kind": "torus", "dimensions": [1, 1, 16])",
                                R"("kind": "dragonfly", "routers_per_group": 2)",
                                R"("kind": "rail_optimised")",
                                R"("kind": "fat_tree", "nodes_per_leaf": 1, "leaves_per_pod": 4)"};

}  // namespace

TEST_CASE("A collective between nodes has the latency of the longest route between counterparts", "[laws]") {
  for (const std::string& fabric : kFabrics) {
    CAPTURE(fabric);
    const Cluster cluster = cluster_of(16, fabric);
    const LinkGraph graph(cluster);
    Seconds longest;
    for (GpuId to = 8; to < graph.gpus(); to += 8)
      longest = std::max(longest, graph.latency(graph.route(0, to)));
    CHECK(collective_parameters(cluster, graph, graph.gpus()).fabric_latency == longest);
    CHECK(longest >= cluster.fabric_latency);
  }
}

TEST_CASE("A larger torus has a larger latency, and a job on its first nodes only its own", "[laws]") {
  Seconds before;
  for (const std::int64_t nodes : {4, 16, 64, 256}) {
    const Cluster cluster = cluster_of(nodes, R"("kind": "torus")");
    const LinkGraph graph(cluster);
    const Seconds own = crossing_latency(graph, graph.gpus());
    CHECK(own > before);
    before = own;
    CHECK(crossing_latency(graph, 16) ==
          crossing_latency(LinkGraph(cluster_of(2, R"("kind": "torus")")), 16));
  }
}

TEST_CASE("A longer hop makes no small collective faster, and one over further switches slower", "[laws]") {
  for (const std::string& fabric : kFabrics) {
    CAPTURE(fabric);
    const Seconds usual = all_reduce_of(cluster_of(16, fabric + R"(, "hop_latency": "0.1 us")"), 128),
                  slow = all_reduce_of(cluster_of(16, fabric + R"(, "hop_latency": "3 us")"), 128);
    const bool one_leaf = fabric.find("rail") != fabric.npos;  // counterparts meet under one leaf
    CHECK((one_leaf ? slow == usual : slow > usual));
  }
}
