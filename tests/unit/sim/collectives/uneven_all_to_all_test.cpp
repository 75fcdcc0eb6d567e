// All-to-all from row and column sums against the sum over every pair.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "sim/base/ensure.hpp"
#include "sim/base/random.hpp"
#include "sim/collectives/collective.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

using Matrix = std::vector<std::vector<double>>;  // bytes from row to column

std::vector<Bytes> loads_of_pairs(const LinkGraph& graph, const Matrix& bytes) {
  std::vector<Bytes> loads(graph.links().size());
  for (GpuId from = 0; from < bytes.size(); ++from) {
    for (GpuId to = 0; to < bytes.size(); ++to) {
      for (LinkId link : graph.route(from, to)) loads[link] += Bytes(bytes[from][to]);
    }
  }
  return loads;
}

std::vector<RankTraffic> sums(const LinkGraph& graph, const Matrix& bytes) {
  std::vector<RankTraffic> traffic(bytes.size());
  for (GpuId from = 0; from < bytes.size(); ++from) {
    for (GpuId to = 0; to < bytes.size(); ++to) {
      if (from == to) continue;
      const Bytes amount(bytes[from][to]);
      const bool in_node = graph.node_of(from) == graph.node_of(to);
      (in_node ? traffic[from].send_in_node : traffic[from].send_to_fabric) += amount;
      (in_node ? traffic[to].receive_in_node : traffic[to].receive_from_fabric) += amount;
    }
  }
  return traffic;
}

Matrix random_matrix(GpuId n) {
  Random random(3, "traffic");
  Matrix bytes(n, std::vector<double>(n));
  for (auto& row : bytes) std::generate(row.begin(), row.end(), [&] { return 1e6 * random.uniform(); });
  return bytes;
}

}  // namespace

TEST_CASE("A rank's own links carry its sums whatever the matrix; the uplinks carry the right total",
          "[collectives]") {
  const LinkGraph graph(round_cluster(2, 4));
  const Matrix bytes = random_matrix(8);
  const auto expected = loads_of_pairs(graph, bytes);
  const PairwiseAllToAll exchange(graph, first_gpus(8), {});
  std::vector<Bytes> loads(graph.links().size());
  const Seconds time = exchange.time(sums(graph, bytes), loads);
  Seconds longest;
  double uplinks = 0.0;
  double expected_uplinks = 0.0;
  for (LinkId link = 0; link < loads.size(); ++link) {
    longest = std::max(longest, expected[link] / graph.links()[link].bandwidth);
    if (graph.links()[link].kind == LinkKind::uplink) {
      uplinks += loads[link].value();
      expected_uplinks += expected[link].value();
    } else {
      CHECK(loads[link].value() == Approx(expected[link].value()).epsilon(1e-12));
    }
  }
  CHECK(time.value() == Approx(longest.value()).epsilon(1e-12));  // of a NIC
  CHECK(uplinks == Approx(expected_uplinks).epsilon(0.05));       // random traffic is nearly spread
}

TEST_CASE("Even traffic in sums is the regular all-to-all", "[collectives]") {
  const LinkGraph graph(round_cluster(2, 4, 2.0));
  const Transport transport = stated_transport(round_cluster(2, 4));
  const auto table = collective_algorithms();
  const auto regular = std::find_if(table.begin(), table.end(), [](const CollectiveAlgorithm& row) {
    return row.operation == "all_to_all";
  });
  REQUIRE(regular != table.end());
  const CollectiveCost cost = regular->cost(graph, first_gpus(8), transport);
  const Bytes part = 1_MiB;
  const std::vector<RankTraffic> traffic(8, {part * 3.0, part * 4.0, part * 3.0, part * 4.0});
  const PairwiseAllToAll exchange(graph, first_gpus(8), transport);
  std::vector<Bytes> loads(graph.links().size());
  CHECK(exchange.time(traffic, loads).value() == Approx(cost.time(part * 8.0).value()).epsilon(1e-12));
  for (const LinkLoad& load : cost.loads_per_byte) {
    CHECK(loads[load.link].value() == Approx(load.bytes.value() * part.value() * 8.0).epsilon(1e-12));
  }
}

TEST_CASE("Loads of several exchanges add up, each with its own time", "[collectives]") {
  const LinkGraph graph(round_cluster(2, 4));
  const auto traffic = sums(graph, random_matrix(8));
  const PairwiseAllToAll exchange(graph, first_gpus(8), {});
  std::vector<Bytes> once(graph.links().size());
  std::vector<Bytes> twice(graph.links().size());
  const Seconds time = exchange.time(traffic, once);
  exchange.time(traffic, twice);
  CHECK(exchange.time(traffic, twice) == time);
  for (LinkId link = 0; link < once.size(); ++link) CHECK(twice[link] == once[link] * 2.0);
}

TEST_CASE("An exchange of nothing takes no time, and lost bytes break a law", "[collectives]") {
  const LinkGraph graph(round_cluster(2, 4));
  const PairwiseAllToAll exchange(graph, first_gpus(8), stated_transport(round_cluster(2, 4)));
  std::vector<Bytes> loads(graph.links().size());
  std::vector<RankTraffic> traffic(8);
  CHECK(exchange.time(traffic, loads) == 0_s);
  traffic[0].send_to_fabric = 1_MiB;
  CHECK_THROWS_AS(exchange.time(traffic, loads), LawBroken);
  const PairwiseAllToAll alone(graph, {3}, stated_transport(round_cluster(2, 4)));
  CHECK(alone.latency() == 0_s);
}

TEST_CASE(
    "On meshes and PCIe trees, too, an even exchange loads every link as its pairs do, and no byte is lost "
    "in an uneven one",
    "[collectives]") {
  for (const Cluster& cluster : {round_mesh(1, 4), round_mesh(2, 4), round_tree(1, 4), round_tree(2, 4)}) {
    CAPTURE(cluster.node_fabric.kind, cluster.nodes);
    const LinkGraph graph(cluster);
    const GpuId n = graph.gpus();
    const PairwiseAllToAll exchange(graph, first_gpus(n), {});
    const Matrix even(n, std::vector<double>(n, 1e6)), uneven = random_matrix(n);
    for (const Matrix& bytes : {even, uneven}) {
      const auto expected = loads_of_pairs(graph, bytes);
      std::vector<Bytes> loads(graph.links().size());
      exchange.time(sums(graph, bytes), loads);
      std::map<LinkKind, double> total, expected_total;
      for (LinkId link = 0; link < loads.size(); ++link) {
        const LinkKind kind = graph.links()[link].kind;
        total[kind] += loads[link].value();
        expected_total[kind] += expected[link].value();
        if (bytes == even) CHECK(loads[link].value() == Approx(expected[link].value()).epsilon(1e-12));
      }
      // Which links between rails and sockets an uneven exchange crosses is known on average only.
      for (const LinkKind kind : {LinkKind::xgmi, LinkKind::nic})
        CHECK(total[kind] == Approx(expected_total[kind]).epsilon(1e-12));
    }
  }
}
