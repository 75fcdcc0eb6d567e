// Cuts and bounds against closed forms.
#include "topologies/analysis.hpp"

#include <catch2/catch.hpp>
#include <numeric>

namespace switchyard {
namespace {

LinkGraph graph_of(const std::string& json) {
  return LinkGraph(read_cluster(parse_json(json, "test"), "", "test"));
}

AllToAllBound bound_of(const LinkGraph& graph, GpuId gpus) {
  std::vector<GpuId> group(gpus);
  std::iota(group.begin(), group.end(), 0);
  return all_to_all_bound(graph, group, Bytes(1e6));
}

}  // namespace

TEST_CASE("The bisection is the NVLinks of half a node, or the NICs of half the nodes") {
  const std::vector<std::pair<std::string, double>> rows = {
      {R"("hgx-h100")", 4 * 450e9},
      {R"("hgx-h100x2")", 8 * 50e9},
      {R"("hgx-h100x4")", 16 * 50e9},
      {R"("hgx-h100x5")", 16 * 50e9},
      {R"({"base": "hgx-h100", "nodes": 4, "fabric": {"nics_per_node": 4}})", 8 * 50e9},
      {R"({"base": "hgx-h100", "nodes": 2, "fabric": {"nic": "1 Tb/s"}})", 8 * 64e9},
      {R"("dgx-a100x2")", 8 * 25e9},
      {R"("hgx-b200")", 4 * 900e9},
      {R"("gb200-nvl72")", 36 * 900e9},
      {R"("gb200-nvl72x2")", 72 * 50e9},
      {R"("mi300x-8")", 16 * 64e9},  // 4 x 4 links of the mesh
      {R"({"gpu": "mi300x", "gpus_per_node": 5})", 6 * 64e9},
      {R"("l40s-pcie")", 32e9},          // the uplink of a switch
      {R"("l40s-pciex2")", 2 * 25e9},    // the NICs
      {R"("rtx-4090-pcie")", 4 * 32e9},  // slots: the link between the sockets has 192 GB/s
      {R"({"gpu": "l40s", "gpus_per_node": 4})", 2 * 32e9},
      {R"({"base": "rtx-4090-pcie", "node_fabric": {"socket_link": "96 GB/s"}})", 96e9},
      {R"({"base": "hgx-h100", "gpu": {"base": "h100_sxm", "nvlink": null}})", 64e9},
      {R"({"gpu": "a100_sxm", "gpus_per_node": 3})", 300e9},
      {R"({"gpu": "a100_sxm", "gpus_per_node": 1})", 0.0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(bisection_bandwidth(graph_of(row.first)).value() == Approx(row.second).epsilon(1e-12));
  }
}

TEST_CASE("A uniform all-to-all within a node is bound by each GPU's NVLink") {
  const AllToAllBound bound = bound_of(graph_of(R"("hgx-h100")"), 8);
  CHECK(bound.time.value() == Approx(7 * 1e6 / 450e9).epsilon(1e-12));
}

TEST_CASE("In a mesh a uniform all-to-all takes each pair's own link") {
  const AllToAllBound bound = bound_of(graph_of(R"("mi300x-8")"), 8);
  CHECK(bound.time.value() == Approx(1e6 / 64e9).epsilon(1e-12));
}

TEST_CASE(
    "In a PCIe tree a uniform all-to-all is bound by the uplinks, or by a narrow link between sockets") {
  const LinkGraph tree = graph_of(R"("l40s-pcie")");
  const AllToAllBound by_uplink = bound_of(tree, 8);  // 4 x 4 pairs cross
  CHECK(by_uplink.time.value() == Approx(16 * 1e6 / 32e9).epsilon(1e-12));
  REQUIRE(by_uplink.bottleneck);
  CHECK(tree.links()[*by_uplink.bottleneck].name == "node0/pcie_switch0>host0");
  CHECK(bound_of(tree, 4).time.value() == Approx(3 * 1e6 / 32e9).epsilon(1e-12));

  const LinkGraph flat = graph_of(R"({"base": "rtx-4090-pcie", "node_fabric": {"socket_link": "20 GB/s"}})");
  const AllToAllBound by_socket = bound_of(flat, 8);
  CHECK(by_socket.time.value() == Approx(16 * 1e6 / 20e9).epsilon(1e-12));
  REQUIRE(by_socket.bottleneck);
  CHECK(flat.links()[*by_socket.bottleneck].kind == LinkKind::socket);
}

TEST_CASE("A uniform all-to-all between nodes is bound by the NICs, or by oversubscribed uplinks") {
  const LinkGraph even = graph_of(R"("hgx-h100x2")");
  const AllToAllBound by_nic = bound_of(even, 16);
  CHECK(by_nic.time.value() == Approx(8 * 1e6 / 50e9).epsilon(1e-12));
  REQUIRE(by_nic.bottleneck);
  CHECK(even.links()[*by_nic.bottleneck].kind == LinkKind::nic);

  // A leaf has 2 NICs; each sends to 7 GPUs of other rails in the other node over uplinks of 2 x 50 / 4 GB/s.
  const LinkGraph narrow = graph_of(R"({"base": "hgx-h100", "nodes": 2, "fabric": {"oversubscription": 4}})");
  const AllToAllBound by_uplink = bound_of(narrow, 16);
  CHECK(by_uplink.time.value() == Approx(2 * 7 * 1e6 / 25e9).epsilon(1e-12));
  REQUIRE(by_uplink.bottleneck);
  CHECK(narrow.links()[*by_uplink.bottleneck].kind == LinkKind::uplink);
}

TEST_CASE("A group of one has nothing to send") {
  const AllToAllBound bound = bound_of(graph_of(R"("hgx-h100")"), 1);
  CHECK(bound.time.value() == 0.0);
  CHECK_FALSE(bound.bottleneck);
}

}  // namespace switchyard
