// Where the bytes of the ring collectives go, over several nodes above all.
#include <catch2/catch.hpp>

#include "sim/base/ensure.hpp"
#include "sim/collectives/algorithms.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

Transport only_bandwidth() { return {}; }

double sum_of(const CollectiveCost& cost, const LinkGraph& graph, LinkKind kind) {
  double sum = 0.0;
  for (const LinkLoad& load : cost.loads_per_byte) {
    if (graph.links()[load.link].kind == kind) sum += load.bytes.value();
  }
  return sum;
}

}  // namespace

TEST_CASE("A ring over nodes spreads its bytes evenly over the NICs", "[collectives]") {
  const LinkGraph graph(round_cluster(4, 8));
  const CollectiveCost cost = ring_all_reduce(graph, first_gpus(32), only_bandwidth());
  const double sent = 2.0 * 31.0 / 32.0;  // by each GPU
  int nics = 0;
  for (const LinkLoad& load : cost.loads_per_byte) {
    const LinkKind kind = graph.links()[load.link].kind;
    if (kind == LinkKind::nic) {
      ++nics;
      CHECK(load.bytes.value() == Approx(sent / 8.0).epsilon(1e-12));
    } else if (kind == LinkKind::nvlink) {
      CHECK(load.bytes.value() == Approx(sent * 7.0 / 8.0).epsilon(1e-12));
    }
  }
  CHECK(nics == 64);
  CHECK(sum_of(cost, graph, LinkKind::uplink) == 0.0);  // each ring keeps to its rail
}

TEST_CASE("A ring over unlike parts of nodes changes rails and still moves every byte", "[collectives]") {
  const LinkGraph graph(round_cluster(2, 4));
  const std::vector<GpuId> group{0, 1, 6};
  const CollectiveCost cost = ring_all_gather(graph, group, only_bandwidth());
  const double hop = 2.0 / 3.0;
  CHECK(sum_of(cost, graph, LinkKind::nic) == Approx(4.0 * hop));     // out and in, there and back
  CHECK(sum_of(cost, graph, LinkKind::uplink) == Approx(4.0 * hop));  // rails 0 and 2
  CHECK(sum_of(cost, graph, LinkKind::nvlink) == Approx(2.0 * hop));
}

TEST_CASE("A ring's latency counts its steps, between nodes apart", "[collectives]") {
  Transport transport;
  transport.base_latency = 10_us;
  transport.nvlink_step = 1_us;
  transport.fabric_step = 5_us;
  const LinkGraph graph(round_cluster(2, 4));
  const auto us = [](const CollectiveCost& cost) { return cost.latency.value() * 1e6; };
  CHECK(us(ring_all_reduce(graph, first_gpus(4), transport)) == Approx(10 + 6));
  CHECK(us(ring_all_gather(graph, first_gpus(4), transport)) == Approx(10 + 3));
  CHECK(us(ring_reduce_scatter(graph, first_gpus(8), transport)) == Approx(10 + 6 + 5));
  CHECK(us(ring_all_reduce(graph, first_gpus(8), transport)) == Approx(10 + 12 + 10));
}

TEST_CASE("In a mesh a ring collective uses every link alike, also where it goes on to other nodes",
          "[collectives]") {
  const LinkGraph one(round_mesh(1, 8));
  const CollectiveCost inside = ring_all_reduce(one, first_gpus(8), only_bandwidth());
  CHECK(inside.loads_per_byte.size() == 56);
  for (const LinkLoad& load : inside.loads_per_byte)
    CHECK(load.bytes.value() == Approx(2.0 * 7.0 / 8.0 / 7.0).epsilon(1e-12));

  const LinkGraph two(round_mesh(2, 4));
  const double sent = 2.0 * 7.0 / 8.0;  // by each GPU, a quarter of it to the other node
  for (const LinkLoad& load : ring_all_reduce(two, first_gpus(8), only_bandwidth()).loads_per_byte) {
    const LinkKind kind = two.links()[load.link].kind;
    if (kind == LinkKind::xgmi) CHECK(load.bytes.value() == Approx(sent * 0.75 / 3.0).epsilon(1e-12));
    else CHECK(load.bytes.value() == Approx(sent * 0.25).epsilon(1e-12));
  }
}

TEST_CASE("A lower efficiency of a transport makes its links busier", "[collectives]") {
  Transport transport;
  transport.nvlink_efficiency = 0.5;
  const LinkGraph graph(round_cluster(1, 4));
  const double whole = ring_all_gather(graph, first_gpus(4), only_bandwidth()).seconds_per_byte;
  CHECK(ring_all_gather(graph, first_gpus(4), transport).seconds_per_byte == Approx(2.0 * whole));
}

TEST_CASE("A GPU twice in a group breaks a law", "[collectives]") {
  const LinkGraph graph(round_cluster(1, 4));
  const std::vector<GpuId> group{0, 1, 1};
  CHECK_THROWS_AS(ring_all_gather(graph, group, only_bandwidth()), LawBroken);
}
