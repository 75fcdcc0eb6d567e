// All-reduce by the switches, within nodes and across them.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/collectives/nccl.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

CollectiveParameters perfect_switches() {
  CollectiveParameters parameters;
  parameters.nccl.nvls = Nvls{10_us, 1.0, 3_us, 1.0};
  return parameters;
}

/// Bytes on the busiest NIC per byte of the message, for all NICs of a node together.
double busiest_node(GpuId nodes) {
  const LinkGraph graph(round_cluster(nodes, 4));
  const CollectiveCost cost = nvls_tree_all_reduce(graph, first_gpus(4 * nodes), perfect_switches());
  double busiest = 0.0;
  for (const LinkLoad& load : cost.loads_per_byte)
    if (graph.links()[load.link].kind == LinkKind::nic) busiest = std::max(busiest, load.bytes.value());
  return 4.0 * busiest;
}

}  // namespace

TEST_CASE("The trees of two nodes send the message once, those of more at most twice", "[collectives]") {
  CHECK(busiest_node(2) == Approx(1.0));
  CHECK(busiest_node(3) == Approx(1.5));
  for (const GpuId nodes : {4u, 5u, 8u, 13u, 16u}) {
    INFO(nodes << " nodes");
    CHECK(busiest_node(nodes) == Approx(2.0));
  }
}

TEST_CASE("A node's switches carry the message and each GPU's part of the sum, however many nodes there are",
          "[collectives]") {
  for (const GpuId nodes : {2u, 4u}) {
    const LinkGraph graph(round_cluster(nodes, 8));
    const CollectiveCost cost = nvls_tree_all_reduce(graph, first_gpus(8 * nodes), perfect_switches());
    for (const LinkLoad& load : cost.loads_per_byte)
      if (graph.links()[load.link].kind == LinkKind::nvlink) CHECK(load.bytes.value() == Approx(1.125));
  }
}

TEST_CASE("Trees over the switches take two steps for each level", "[collectives]") {
  const CollectiveParameters parameters = perfect_switches();
  for (const auto& [nodes, levels] : {std::pair{2u, 1.0}, {4u, 2.0}, {5u, 3.0}, {16u, 4.0}}) {
    const LinkGraph graph(round_cluster(nodes, 4));
    const Seconds latency = nvls_tree_all_reduce(graph, first_gpus(4 * nodes), parameters).latency;
    CHECK(latency.value() == Approx(10e-6 + 6e-6 * levels));
  }
}

TEST_CASE("Switches reduce for more than four GPUs of a node, or more than two of each of several",
          "[collectives]") {
  const CollectiveParameters can = perfect_switches();
  const LinkGraph graph(round_cluster(2, 8));
  CHECK(switches_reduce(graph, first_gpus(5), can));
  CHECK_FALSE(switches_reduce(graph, first_gpus(4), can));
  CHECK(switches_reduce(graph, first_gpus(11), can));
  CHECK_FALSE(switches_reduce(graph, first_gpus(10), can));
  CHECK_FALSE(switches_reduce(graph, first_gpus(16), CollectiveParameters{}));
}
