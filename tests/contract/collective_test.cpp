// What every row of the menu of collectives keeps to.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "sim/collectives/collective.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

double load_of(const CollectiveCost& cost, LinkId link) {
  for (const LinkLoad& load : cost.loads_per_byte) {
    if (load.link == link) return load.bytes.value();
  }
  return 0.0;
}

/// Bytes per byte of message that leave GPUs and that reach GPUs, found by the first and last links of their
/// routes.
struct Ends {
  double sent = 0.0, received = 0.0;
};
Ends bytes_at_the_ends(const LinkGraph& graph, const CollectiveCost& cost) {
  std::vector<bool> counted_out(graph.links().size()), counted_in(graph.links().size());
  Ends ends;
  for (GpuId from = 0; from < graph.gpus(); ++from) {
    for (GpuId to = 0; to < graph.gpus(); ++to) {
      const auto route = graph.route(from, to);
      if (route.empty()) continue;
      if (!counted_out[route.front()]) ends.sent += load_of(cost, route.front());
      if (!counted_in[route.back()]) ends.received += load_of(cost, route.back());
      counted_out[route.front()] = counted_in[route.back()] = true;
    }
  }
  return ends;
}

}  // namespace

TEST_CASE("Every collective keeps the contract", "[collectives]") {
  std::vector<std::tuple<std::string, Cluster, GpuId>> cases;
  for (const GpuId group : {2u, 3u, 4u, 8u, 11u, 16u}) {
    cases.emplace_back("NVSwitches", round_cluster(4, 4), group);
    cases.emplace_back("xGMI", round_mesh(4, 4), group);
    cases.emplace_back("PCIe", round_tree(4, 4), group);
  }
  for (const CollectiveAlgorithm& row : collective_algorithms()) {
    for (const auto& [inside, cluster, group] : cases) {
      DYNAMIC_SECTION(row.name << " of " << group << " over " << inside) {
        const LinkGraph graph(cluster);
        const Transport transport{4_us, 1_us, 5_us, 0.7, 0.9};
        const CollectiveCost cost = row.cost(graph, first_gpus(group), transport);

        SECTION("More bytes take longer, no bytes only the latency") {
          CHECK(cost.latency > 0_s);
          CHECK(cost.time(0_B) == cost.latency);
          CHECK(cost.time(1_MiB) > cost.time(1000_B));
        }
        SECTION("The bottleneck is the link that is busy longest, and a real one") {
          REQUIRE(cost.bottleneck.has_value());
          for (const LinkLoad& load : cost.loads_per_byte) {
            const double seconds = load.bytes.value() / graph.links()[load.link].bandwidth.value();
            CHECK(seconds > 0.0);
            CHECK(seconds <= cost.seconds_per_byte);
          }
          CHECK(load_of(cost, *cost.bottleneck) / graph.links()[*cost.bottleneck].bandwidth.value() ==
                cost.seconds_per_byte);
        }
        SECTION("Loads name each link once, in order") {
          for (std::size_t i = 1; i < cost.loads_per_byte.size(); ++i) {
            CHECK(cost.loads_per_byte[i - 1].link < cost.loads_per_byte[i].link);
          }
        }
        SECTION("As many bytes reach GPUs as leave them") {
          const Ends ends = bytes_at_the_ends(graph, cost);
          CHECK(ends.sent > 0.0);
          CHECK(ends.sent == Approx(ends.received).epsilon(1e-12));
        }
        SECTION("More bandwidth is never slower") {
          Cluster faster = cluster;
          faster.gpu.nvlink = faster.gpu.nvlink * 1.5;
          faster.gpu.xgmi = faster.gpu.xgmi * 1.5;
          faster.gpu.pcie = faster.gpu.pcie * 1.5;
          faster.node_fabric.uplink = faster.node_fabric.uplink * 1.5;
          faster.fabric.nic = faster.fabric.nic * 2.0;
          const LinkGraph better(faster);
          CHECK(row.cost(better, first_gpus(group), transport).time(1_MiB) <= cost.time(1_MiB));
        }
      }
    }
    DYNAMIC_SECTION(row.name << " of one GPU is free") {
      const LinkGraph graph(round_cluster(1, 4));
      const CollectiveCost cost = row.cost(graph, first_gpus(1), Transport{4_us, 1_us, 5_us, 0.7, 0.9});
      CHECK(cost.time(1_MiB) == 0_s);
      CHECK(cost.loads_per_byte.empty());
      CHECK_FALSE(cost.bottleneck.has_value());
    }
  }
}

TEST_CASE("The menu of collectives has a row for every operation, each name once", "[collectives]") {
  std::vector<std::string> names;
  for (const CollectiveAlgorithm& row : collective_algorithms()) {
    names.emplace_back(row.name);
    CHECK_FALSE(row.description.empty());
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  for (const char* operation : {"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send"}) {
    const auto table = collective_algorithms();
    CHECK(
        std::any_of(table.begin(), table.end(), [&](const auto& row) { return row.operation == operation; }));
  }
}
