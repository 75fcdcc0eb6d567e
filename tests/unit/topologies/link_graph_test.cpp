// Routes, bandwidths and latencies of the graph.
#include "topologies/link_graph.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <stdexcept>

namespace switchyard {
namespace {

Cluster cluster(const std::string& json) { return read_cluster(parse_json(json, "test"), "", "test"); }

LinkGraph graph_of(const std::string& json) { return LinkGraph(cluster(json)); }

std::vector<std::string> route_names(const LinkGraph& graph, GpuId from, GpuId to) {
  std::vector<std::string> names;
  for (const LinkId link : graph.route(from, to)) names.push_back(graph.links()[link].name);
  return names;
}

/// Every route starts at its sender, ends at its receiver, and each link begins where the last one ended.
void check_connected(const LinkGraph& graph, GpuId from, GpuId to) {
  DeviceId at = from;
  for (const LinkId link : graph.route(from, to)) {
    REQUIRE(graph.links()[link].from == at);
    at = graph.links()[link].to;
  }
  REQUIRE(at == to);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Within a node a route is two NVLink links through the switch") {
  const LinkGraph graph = graph_of(R"("hgx-h100")");
  CHECK(graph.gpus() == 8);
  CHECK(graph.links().size() == 16);
  CHECK(route_names(graph, 3, 5) == Names{"node0/gpu3>nvswitch", "node0/nvswitch>gpu5"});
  CHECK(graph.links()[graph.route(3, 5)[0]].bandwidth.value() == Approx(450e9));
  CHECK(graph.route(4, 4).empty());
}

TEST_CASE("Between nodes one rail takes a leaf, two rails take a spine") {
  const LinkGraph graph = graph_of(R"("hgx-h100x4")");
  CHECK(route_names(graph, 2, 8 + 2) ==
        Names{"node0/gpu2>nic2", "node0/nic2>leaf2", "leaf2>node1/nic2", "node1/nic2>gpu2"});
  CHECK(route_names(graph, 2, 24 + 5) == Names{"node0/gpu2>nic2", "node0/nic2>leaf2", "leaf2>spine0",
                                               "spine0>leaf5", "leaf5>node3/nic5", "node3/nic5>gpu5"});
  CHECK(graph.node_of(31) == 3);
}

TEST_CASE("Every pair of four nodes has a connected route that no third GPU forwards") {
  for (const std::string routing : {"adaptive", "ecmp"}) {
    const LinkGraph graph =
        graph_of(R"({"base": "hgx-h100", "nodes": 4, "fabric": {"routing": ")" + routing + R"("}})");
    for (GpuId from = 0; from < graph.gpus(); ++from) {
      for (GpuId to = 0; to < graph.gpus(); ++to) {
        check_connected(graph, from, to);
        const auto route = graph.route(from, to);
        for (std::size_t i = 1; i < route.size(); ++i) {
          REQUIRE(graph.devices()[graph.links()[route[i]].from].kind != DeviceKind::gpu);
        }
      }
    }
  }
}

TEST_CASE("Links have the bandwidths of their datasheets and the uplinks that of their leaf's NICs") {
  for (const double oversubscription : {1.0, 2.0, 3.5}) {
    const LinkGraph graph = graph_of(R"({"base": "hgx-h100", "nodes": 4, "fabric": {"oversubscription": )" +
                                     std::to_string(oversubscription) + "}}");
    for (const Link& link : graph.links()) {
      const std::map<LinkKind, double> expected = {{LinkKind::nvlink, 450e9},
                                                   {LinkKind::pcie, 64e9},
                                                   {LinkKind::nic, 50e9},
                                                   {LinkKind::uplink, 4 * 50e9 / oversubscription}};
      REQUIRE(link.bandwidth.value() == Approx(expected.at(link.kind)));
    }
  }
}

TEST_CASE(
    "A route's latency is the hop's within a node; between nodes the crossing's, and more for each further "
    "switch") {
  for (const std::string gpu :
       {R"("h100_sxm")", R"({"base": "h100_sxm", "nvlink": null})", R"("mi300x")", R"("l40s")"}) {
    const Cluster two = cluster(R"({"gpu": )" + gpu + R"(, "gpus_per_node": 8, "nodes": 2,
                                    "nvlink_latency": "0.7 us", "fabric_latency": "2.3 us",
                                    "fabric": {"hop_latency": "0.4 us"}})");
    const LinkGraph graph(two);
    CHECK(graph.latency(graph.route(0, 1)).value() == Approx(0.7e-6).epsilon(1e-12));
    CHECK(graph.latency(graph.route(0, 7)).value() == Approx(0.7e-6).epsilon(1e-12));
    CHECK(graph.latency(graph.route(0, 8)).value() == Approx(2.3e-6).epsilon(1e-12));
    CHECK(graph.latency(graph.route(0, 9)).value() == Approx(3.1e-6).epsilon(1e-12));  // a spine, a leaf
    CHECK(graph.latency(graph.route(0, 0)).value() == 0.0);
  }
}

TEST_CASE(
    "With a hash per flow every cross-rail route takes one spine, the same each time, and all spines are "
    "used") {
  const std::string json = R"({"base": "hgx-h100", "nodes": 4, "fabric": {"routing": "ecmp"}})";
  const LinkGraph graph = graph_of(json);
  const LinkGraph again = graph_of(json);
  std::set<std::string> spines;
  for (GpuId from = 0; from < 8; ++from) {
    for (GpuId to = 8; to < 32; ++to) {
      REQUIRE(graph.route(from, to) == again.route(from, to));
      if (from % 8 == to % 8) continue;
      const auto route = graph.route(from, to);
      REQUIRE(route.size() == 6);
      const Link& up = graph.links()[route[2]];
      CHECK(up.bandwidth.value() == Approx(50e9));
      spines.insert(graph.devices()[up.to].name);
    }
  }
  CHECK(spines.size() == 4);
}

TEST_CASE("GPUs share NICs when there are fewer of them, and still talk over NVLink within the node") {
  const LinkGraph graph =
      graph_of(R"({"gpu": "h100_sxm", "gpus_per_node": 8, "nodes": 2, "fabric": {"nics_per_node": 4}})");
  CHECK(route_names(graph, 0, 1) == Names{"node0/gpu0>nvswitch", "node0/nvswitch>gpu1"});
  CHECK(route_names(graph, 7, 8 + 6) ==
        Names{"node0/gpu7>nic3", "node0/nic3>leaf3", "leaf3>node1/nic3", "node1/nic3>gpu6"});
}

TEST_CASE("Without NVLink a GPU's PCIe link carries its traffic to peers and to its NIC") {
  const LinkGraph graph =
      graph_of(R"({"gpu": {"base": "h100_sxm", "nvlink": null}, "gpus_per_node": 4, "nodes": 2,
                                       "fabric": {"nics_per_node": 2}})");
  const auto near = graph.route(0, 1);
  const auto far = graph.route(0, 4);
  const auto across = graph.route(0, 7);
  CHECK(route_names(graph, 0, 1) == Names{"node0/gpu0>slot0", "node0/slot0>pcie_switch0",
                                          "node0/pcie_switch0>slot1", "node0/slot1>gpu1"});
  CHECK(near.front() == far.front());
  CHECK(far.size() == 6);
  CHECK(across.size() == 8);
  for (const LinkId link : near) {
    CHECK(graph.links()[link].kind == LinkKind::pcie);
    CHECK(graph.links()[link].bandwidth.value() == Approx(64e9));
  }
  for (GpuId from = 0; from < 8; ++from) {
    for (GpuId to = 0; to < 8; ++to) check_connected(graph, from, to);
  }
}

TEST_CASE("In a PCIe tree traffic climbs no higher than it must, and all that crosses shares the uplinks") {
  const LinkGraph graph = graph_of(R"({"gpu": "l40s", "gpus_per_node": 8, "node_fabric":
      {"kind": "pcie_tree", "sockets": 2, "gpus_per_switch": 2, "uplink": "24 GB/s", "socket_link": "20 GB/s"}})");
  CHECK(route_names(graph, 0, 1).size() == 4);
  CHECK(route_names(graph, 1, 2) == Names{"node0/gpu1>slot1", "node0/slot1>pcie_switch0",
                                          "node0/pcie_switch0>host0", "node0/host0>pcie_switch1",
                                          "node0/pcie_switch1>slot2", "node0/slot2>gpu2"});
  CHECK(route_names(graph, 1, 7) ==
        Names{"node0/gpu1>slot1", "node0/slot1>pcie_switch0", "node0/pcie_switch0>host0", "node0/host0>host1",
              "node0/host1>pcie_switch3", "node0/pcie_switch3>slot7", "node0/slot7>gpu7"});
  CHECK(graph.route(0, 6)[3] == graph.route(3, 4)[3]);  // the socket link
  std::map<LinkKind, std::set<double>> rates;
  for (const Link& link : graph.links()) rates[link.kind].insert(link.bandwidth.value());
  CHECK(rates ==
        std::map<LinkKind, std::set<double>>{{LinkKind::pcie, {24e9, 32e9}}, {LinkKind::socket, {20e9}}});
}

TEST_CASE(
    "GPUs on slots of the host bridge have no switch, and a node's only NIC stands on the first bridge") {
  const LinkGraph graph = graph_of(R"("rtx-4090-pciex2")");
  CHECK(route_names(graph, 4, 5) ==
        Names{"node0/gpu4>slot4", "node0/slot4>host1", "node0/host1>slot5", "node0/slot5>gpu5"});
  CHECK(route_names(graph, 4, 8) == Names{"node0/gpu4>slot4", "node0/slot4>host1", "node0/host1>host0",
                                          "node0/host0>nic0", "node0/nic0>leaf0", "leaf0>node1/nic0",
                                          "node1/nic0>host0", "node1/host0>slot0", "node1/slot0>gpu0"});
}

TEST_CASE("In a mesh every pair has a link of its own each way, and no GPU forwards") {
  const LinkGraph graph = graph_of(R"("mi300x-8x2")");
  std::set<LinkId> used;
  for (GpuId from = 0; from < 8; ++from) {
    for (GpuId to = 0; to < 8; ++to) {
      if (from == to) continue;
      const auto route = graph.route(from, to);
      REQUIRE(route.size() == 1);
      CHECK(graph.links()[route[0]].kind == LinkKind::xgmi);
      CHECK(graph.links()[route[0]].bandwidth.value() == Approx(64e9));
      used.insert(route[0]);
    }
  }
  CHECK(used.size() == 56);
  // Over the spine, though leaf 3 and a hop over GPU 3's mesh would be shorter.
  CHECK(route_names(graph, 3, 8 + 5) == Names{"node0/gpu3>nic3", "node0/nic3>leaf3", "leaf3>spine0",
                                              "spine0>leaf5", "leaf5>node1/nic5", "node1/nic5>gpu5"});
}

TEST_CASE("NICs share rails where there are fewer of them") {
  const LinkGraph graph = graph_of(R"("gb200-nvl72x2")");
  CHECK(graph.gpus() == 144);
  CHECK(route_names(graph, 70, 3).size() == 2);  // one NVLink domain
  CHECK(route_names(graph, 5, 72 + 9) ==
        Names{"node0/gpu5>nic5", "node0/nic5>leaf1", "leaf1>node1/nic9", "node1/nic9>gpu9"});
  const auto across = graph.route(5, 72 + 6);
  REQUIRE(across.size() == 6);
  CHECK(graph.links()[across[2]].bandwidth.value() == Approx(36 * 50e9));  // 18 NICs a rail and rack
}

TEST_CASE("A GPU that is not there is out of range") {
  const LinkGraph graph = graph_of(R"("hgx-h100")");
  CHECK_THROWS_AS(graph.route(0, 8), std::out_of_range);
  CHECK_THROWS_AS(graph.route(8, 0), std::out_of_range);
  CHECK_THROWS_AS(graph.node_of(8), std::out_of_range);
}

TEST_CASE("A graph of 1024 GPUs has its links and routes") {
  const LinkGraph graph = graph_of(R"("hgx-h100x128")");
  CHECK(graph.gpus() == 1024);
  // Both directions of: an NVLink, a PCIe and a NIC link a GPU, and 8 uplinks.
  CHECK(graph.links().size() == 2 * (3 * 1024 + 8));
  for (GpuId from = 0; from < 1024; from += 31) {
    for (GpuId to = 0; to < 1024; to += 7) check_connected(graph, from, to);
  }
}

}  // namespace switchyard
