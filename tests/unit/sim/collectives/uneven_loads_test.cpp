// All-to-all from row and column sums against the sum over every pair.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/random.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/collectives/uneven_loads.hpp"
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
  const UnevenLoads exchange(graph, first_gpus(8), Landing::receiver);
  std::vector<Bytes> loads(graph.links().size());
  const Seconds time = exchange.add(sums(graph, bytes), {}, loads);
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
  const Cluster cluster = round_cluster(2, 4, 2.0);
  const LinkGraph graph(cluster);
  const CollectiveParameters parameters = collective_parameters(cluster, graph, graph.gpus());
  for (const char* name : {"pairwise", "hierarchical"}) {
    CAPTURE(name);
    const bool pairs = name == std::string("pairwise");
    const Collective regular =
        choose_implementation("all_to_all", pairs ? "nccl" : name, "").make(graph, first_gpus(8), parameters);
    const auto exchange =
        choose(exchange_backends(), name, "").make(graph, first_gpus(8), parameters, ExchangeShape{});
    for (const Bytes part : {1_MiB, Bytes(1000.0)}) {
      const std::vector<RankTraffic> traffic(8, {part * 3.0, part * 4.0, part * 3.0, part * 4.0});
      std::vector<Bytes> loads(graph.links().size());
      const ExchangeTime time = exchange->dispatch(traffic, loads);
      CHECK(time.total().value() == Approx(regular.time(part * 8.0).value()).epsilon(pairs ? 1e-12 : 0.1));
      for (const LinkLoad& load : regular.at(part * 8.0).loads_per_byte)
        CHECK(loads[load.link].value() == Approx(load.bytes.value() * part.value() * 8.0).epsilon(1e-12));
    }
  }
}

TEST_CASE("Loads of several exchanges add up, each with its own time", "[collectives]") {
  const LinkGraph graph(round_cluster(2, 4));
  const auto traffic = sums(graph, random_matrix(8));
  const UnevenLoads exchange(graph, first_gpus(8), Landing::receiver);
  std::vector<Bytes> once(graph.links().size());
  std::vector<Bytes> twice(graph.links().size());
  const Seconds time = exchange.add(traffic, {}, once);
  exchange.add(traffic, {}, twice);
  CHECK(exchange.add(traffic, {}, twice) == time);
  for (LinkId link = 0; link < once.size(); ++link) CHECK(twice[link] == once[link] * 2.0);
}

TEST_CASE("Lost bytes break a law, and a rank alone has no links", "[collectives]") {
  const LinkGraph graph(round_cluster(2, 4));
  const UnevenLoads exchange(graph, first_gpus(8), Landing::receiver);
  std::vector<Bytes> loads(graph.links().size());
  std::vector<RankTraffic> traffic(8);
  CHECK(exchange.add(traffic, {}, loads) == 0_s);
  traffic[0].send_to_fabric = 1_MiB;
  CHECK_THROWS_AS(exchange.add(traffic, {}, loads), LawBroken);
  CHECK(UnevenLoads(graph, {3}, Landing::receiver).links().empty());
}

TEST_CASE("Ranks that reach only their own place on other nodes load only their rails", "[collectives]") {
  const LinkGraph graph(round_cluster(3, 4));
  const UnevenLoads exchange(graph, first_gpus(12), Landing::same_place);
  std::vector<RankTraffic> traffic(12);
  traffic[1].send_to_fabric = traffic[5].receive_from_fabric = 1_MiB;
  std::vector<Bytes> loads(graph.links().size());
  CHECK(exchange.add(traffic, {1.0, 0.5}, loads).value() == Approx(2.0 * 1048576.0 / kNic));
  for (LinkId link = 0; link < loads.size(); ++link)
    if (graph.links()[link].kind == LinkKind::uplink) CHECK(loads[link] == Bytes());
}

TEST_CASE(
    "On meshes and PCIe trees, too, an even exchange loads every link as its pairs do, and no byte is lost "
    "in an uneven one",
    "[collectives]") {
  for (const Cluster& cluster : {round_mesh(1, 4), round_mesh(2, 4), round_tree(1, 4), round_tree(2, 4)}) {
    CAPTURE(cluster.node_fabric.kind, cluster.nodes);
    const LinkGraph graph(cluster);
    const GpuId n = graph.gpus();
    const UnevenLoads exchange(graph, first_gpus(n), Landing::receiver);
    const Matrix even(n, std::vector<double>(n, 1e6)), uneven = random_matrix(n);
    for (const Matrix& bytes : {even, uneven}) {
      const auto expected = loads_of_pairs(graph, bytes);
      std::vector<Bytes> loads(graph.links().size());
      exchange.add(sums(graph, bytes), {}, loads);
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
