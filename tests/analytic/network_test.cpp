// Network times against closed forms, to 1e-9; those through the engine are at the fidelity `step`.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "sim/collectives/collective.hpp"
#include "sim/engine/engine.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

CollectiveCost cost_of(std::string_view name, const LinkGraph& graph, const std::vector<GpuId>& group) {
  for (const CollectiveAlgorithm& row : collective_algorithms()) {
    if (row.name == name) return row.cost(graph, group, Transport{});
  }
  FAIL("no collective " << name);
  return {};
}

/// A collective of `message` bytes that begins at `begin`, spent as a step of nothing else.
struct Transfer {
  Seconds begin;
  CollectiveCost cost;
  Bytes message;
};

std::vector<Seconds> spend(const LinkGraph& graph, const std::vector<Transfer>& transfers) {
  Engine engine(graph, Fidelity::step);
  std::vector<Seconds> took(transfers.size());
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    engine.add_actor("transfer" + std::to_string(i), [&, i](Actor& actor) {
      const Transfer& transfer = transfers[i];
      std::vector<LinkLoad> loads = transfer.cost.loads_per_byte;
      for (LinkLoad& load : loads) load.bytes = load.bytes * transfer.message.value();
      actor.sleep_until(transfer.begin);
      took[i] = actor.spend(transfer.cost.time(transfer.message), loads);
    });
  }
  engine.run();
  return took;
}

void check(Seconds time, double expected) { CHECK(time.value() == Approx(expected).epsilon(1e-9)); }

constexpr double kMessage = 3e8;

}  // namespace

TEST_CASE("One flow takes its bytes over its bandwidth", "[network]") {
  const LinkGraph graph(round_cluster(2, 4));
  const auto in_node = cost_of("send", graph, {0, 1});
  const auto between = cost_of("send", graph, {0, 4});
  check(in_node.time(Bytes(kMessage)), kMessage / kNvlink);
  check(between.time(Bytes(kMessage)), kMessage / kNic);
  check(spend(graph, {{0_s, in_node, Bytes(kMessage)}})[0], kMessage / kNvlink);
  check(spend(graph, {{1_ms, between, Bytes(kMessage)}})[0], kMessage / kNic);
}

TEST_CASE("Two flows sharing a link have half of it each", "[network]") {
  const LinkGraph graph(round_cluster(1, 4));
  const auto first = cost_of("send", graph, {0, 1});
  const auto second = cost_of("send", graph, {0, 2});
  const auto same = spend(graph, {{0_s, first, Bytes(kMessage)}, {0_s, second, Bytes(kMessage)}});
  check(same[0], 2.0 * kMessage / kNvlink);
  check(same[1], 2.0 * kMessage / kNvlink);

  // Of S and 3 S the shorter ends at 2 S/b, the longer at 4 S/b: the link is never idle.
  const auto unlike = spend(graph, {{0_s, first, Bytes(kMessage)}, {0_s, second, Bytes(3.0 * kMessage)}});
  check(unlike[0], 2.0 * kMessage / kNvlink);
  check(unlike[1], 4.0 * kMessage / kNvlink);

  // The second begins when the first is half done: the first ends at 1.5 S/b, the second at 2 S/b.
  const Seconds half(0.5 * kMessage / kNvlink);
  const auto later = spend(graph, {{0_s, first, Bytes(kMessage)}, {half, second, Bytes(kMessage)}});
  check(later[0], 1.5 * kMessage / kNvlink);
  check(later[1], 1.5 * kMessage / kNvlink);
}

TEST_CASE("Sharing is max-min fair: a flow held back elsewhere leaves the rest to the others", "[network]") {
  // Flow a: GPU 0 to 1. Flow b: 0 to 2. Flows c and d: 3 to 2. GPU 2 receives b, c and d at b/3 each, GPU 0
  // gives a what b leaves, 2/3.
  const LinkGraph graph(round_cluster(1, 4));
  const auto a = cost_of("send", graph, {0, 1});
  const auto b = cost_of("send", graph, {0, 2});
  const auto c = cost_of("send", graph, {3, 2});
  const Bytes s(kMessage);
  const auto took = spend(graph, {{0_s, a, s * 2.0}, {0_s, b, s}, {0_s, c, s}, {0_s, c, s}});
  for (Seconds time : took) check(time, 3.0 * kMessage / kNvlink);
}

TEST_CASE("Flows on links of their own do not meet", "[network]") {
  const LinkGraph graph(round_cluster(1, 4));
  const auto first = cost_of("send", graph, {0, 1});
  const auto back = cost_of("send", graph, {1, 0});
  for (Seconds time : spend(graph, {{0_s, first, Bytes(kMessage)}, {0_s, back, Bytes(kMessage)}})) {
    CHECK(time == first.time(Bytes(kMessage)));
  }
}

TEST_CASE("Ring collectives in a node take their closed forms", "[network]") {
  for (GpuId n : {2u, 3u, 8u}) {
    const LinkGraph graph(round_cluster(1, 8));
    const double part = (n - 1.0) / n * kMessage / kNvlink;
    const auto group = first_gpus(n);
    check(cost_of("ring_all_reduce", graph, group).time(Bytes(kMessage)), 2.0 * part);
    check(cost_of("ring_all_gather", graph, group).time(Bytes(kMessage)), part);
    check(cost_of("ring_reduce_scatter", graph, group).time(Bytes(kMessage)), part);
    check(spend(graph, {{0_s, cost_of("ring_all_reduce", graph, group), Bytes(kMessage)}})[0], 2.0 * part);
  }
}

TEST_CASE("A ring all-reduce over nodes takes 2 (n-1)/n S over all NICs of a node", "[network]") {
  const LinkGraph graph(round_cluster(4, 4));
  const auto cost = cost_of("ring_all_reduce", graph, first_gpus(16));
  check(cost.time(Bytes(kMessage)), 2.0 * 15.0 / 16.0 * kMessage / (4.0 * kNic));
}

TEST_CASE("An all-to-all on a star takes (n-1)/n S/b", "[network]") {
  for (GpuId n : {2u, 5u, 8u}) {
    const LinkGraph graph(round_cluster(1, 8));
    const auto cost = cost_of("pairwise_all_to_all", graph, first_gpus(n));
    check(cost.time(Bytes(kMessage)), (n - 1.0) / n * kMessage / kNvlink);
    check(spend(graph, {{0_s, cost, Bytes(kMessage)}})[0], (n - 1.0) / n * kMessage / kNvlink);
  }
}

TEST_CASE("An all-to-all over nodes is bound by the NICs, or by oversubscribed uplinks", "[network]") {
  // Of a GPU's 8 parts 4 leave the node, 3 of them by another rail.
  const auto group = first_gpus(8);
  const double nic = 4.0 / 8.0 * kMessage / kNic;
  const LinkGraph full(round_cluster(2, 4));
  check(cost_of("pairwise_all_to_all", full, group).time(Bytes(kMessage)), nic);
  const LinkGraph thin(round_cluster(2, 4, 4.0));
  check(cost_of("pairwise_all_to_all", thin, group).time(Bytes(kMessage)), nic * 0.75 * 4.0);
}

TEST_CASE("In a mesh of n GPUs an all-reduce takes 2 S/(n b), an all-to-all S/(n b)", "[network]") {
  for (GpuId n : {2u, 4u, 8u}) {
    const LinkGraph graph(round_mesh(1, 8));
    const double part = kMessage / n / kXgmi;  // over each of the links that the group uses
    const auto all_reduce = cost_of("ring_all_reduce", graph, first_gpus(n));
    const auto all_to_all = cost_of("pairwise_all_to_all", graph, first_gpus(n));
    check(all_reduce.time(Bytes(kMessage)), 2.0 * part);
    check(all_to_all.time(Bytes(kMessage)), part);
    check(spend(graph, {{0_s, all_reduce, Bytes(kMessage)}})[0], 2.0 * part);
  }
}

TEST_CASE("In a PCIe tree all flows that leave a switch share its uplink", "[network]") {
  const LinkGraph graph(round_tree(1, 8));
  // Two at the same time, from GPUs of their own to GPUs of their own.
  const auto first = cost_of("send", graph, {0, 4});
  const auto second = cost_of("send", graph, {1, 5});
  const auto below = cost_of("send", graph, {2, 3});
  const auto took = spend(
      graph, {{0_s, first, Bytes(kMessage)}, {0_s, second, Bytes(kMessage)}, {0_s, below, Bytes(kMessage)}});
  check(took[0], 2.0 * kMessage / kPcie);
  check(took[1], 2.0 * kMessage / kPcie);
  check(took[2], kMessage / kPcie);
  // Of the 64 pairs 16 cross each way: 4 GPUs send half of their parts.
  check(cost_of("pairwise_all_to_all", graph, first_gpus(8)).time(Bytes(kMessage)),
        16.0 / 8.0 * kMessage / kPcie);
  // A ring crosses once each way, as fast as its slots.
  check(cost_of("ring_all_reduce", graph, first_gpus(8)).time(Bytes(kMessage)),
        2.0 * 7.0 / 8.0 * kMessage / kPcie);
}
