// The forms of "cluster", their defaults, and what is refused.
#include "topologies/cluster.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

using Catch::Matchers::Contains;

Cluster read(const std::string& json) {
  return read_cluster(parse_json(json, "scenario.json"), "", "scenario.json");
}

}  // namespace

TEST_CASE("A catalogue cluster is one node, and its name x N is N nodes") {
  for (const std::string name : {"hgx-h100", "hgx-h200"}) {
    const Cluster one = read_cluster(name, "", "test");
    CHECK(one.name == name);
    CHECK(one.gpus() == 8);
    CHECK(one.gpu.name == name.substr(4) + "_sxm");
    CHECK(one.fabric.kind == "rail_optimised");
    CHECK(one.fabric.nics_per_node == 8);
    CHECK(one.fabric.nic.value() == Approx(50e9));
    CHECK_FALSE(one.source.empty());
    const Cluster four = read_cluster(name + "x4", "", "test");
    CHECK(four.name == name + "x4");
    CHECK(four.gpus() == 32);
    CHECK(read(R"({"base": ")" + name + R"(", "nodes": 4})").gpus() == 32);
  }
}

TEST_CASE("Every catalogue cluster is what its datasheet says") {
  struct Row {
    std::string name, gpu, node_kind;
    std::int64_t gpus, nics;
    double nic;
  };
  const std::vector<Row> rows = {
      {"dgx-a100", "a100_sxm", "nvswitch", 8, 8, 25e9},
      {"dgx-b200", "b200_sxm", "nvswitch", 8, 8, 50e9},
      {"dgx-h100", "h100_sxm", "nvswitch", 8, 8, 50e9},
      {"dgx-h200", "h200_sxm", "nvswitch", 8, 8, 50e9},
      {"gb200-nvl72", "gb200", "nvswitch", 72, 72, 50e9},
      {"hgx-b200", "b200_sxm", "nvswitch", 8, 8, 50e9},
      {"hgx-h100", "h100_sxm", "nvswitch", 8, 8, 50e9},
      {"hgx-h200", "h200_sxm", "nvswitch", 8, 8, 50e9},
      {"l40s-pcie", "l40s", "pcie_tree", 8, 2, 25e9},
      {"mi300x-8", "mi300x", "xgmi_mesh", 8, 8, 50e9},
      {"rtx-4090-pcie", "rtx_4090", "pcie_tree", 8, 1, 12.5e9},
  };
  REQUIRE(cluster_names().size() == rows.size());
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Cluster cluster = read_cluster(row.name, "", "test");
    CHECK(cluster.gpu.name == row.gpu);
    CHECK(cluster.node_fabric.kind == row.node_kind);
    CHECK(cluster.gpus() == row.gpus);
    CHECK(cluster.fabric.nics_per_node == row.nics);
    CHECK(cluster.fabric.nic.value() == Approx(row.nic));
    CHECK_FALSE(cluster.source.empty());
    CHECK(to_json(read_cluster(to_json(cluster), "", "test")) == to_json(cluster));
    CHECK(read_cluster(row.name + "x3", "", "test").gpus() == 3 * row.gpus);
  }
}

TEST_CASE("An inline cluster of any GPU is joined by what the GPU has") {
  for (const std::string& gpu : gpu_names()) {
    CAPTURE(gpu);
    const Cluster cluster = read(R"({"gpu": ")" + gpu + R"(", "gpus_per_node": 8, "nodes": 2})");
    const bool nvlink = cluster.gpu.nvlink.value() > 0.0, xgmi = cluster.gpu.xgmi.value() > 0.0;
    CHECK(cluster.node_fabric.kind == (nvlink ? "nvswitch" : xgmi ? "xgmi_mesh" : "pcie_tree"));
    CHECK(to_json(read_cluster(to_json(cluster), "", "test")) == to_json(cluster));
  }
  const NodeFabric eight = read(R"({"gpu": "rtx_pro_6000", "gpus_per_node": 8})").node_fabric;
  CHECK(eight.sockets == 2);
  CHECK(eight.gpus_per_switch == 4);
  CHECK(eight.uplink.value() == Approx(64e9));
  CHECK(read(R"({"gpu": "rtx_pro_6000", "gpus_per_node": 4})").node_fabric.sockets == 1);
  CHECK(read(R"({"gpu": "h100_sxm", "gpus_per_node": 4, "node_fabric": {"kind": "pcie_tree"}})")
            .node_fabric.uplink.value() == Approx(64e9));
}

TEST_CASE("A name x N is a base as well, and nodes beside it win") {
  const Cluster four = read(R"({"base": "hgx-h100x4", "gpu": "h200_sxm"})");
  CHECK(four.gpus() == 32);
  CHECK(four.gpu.name == "h200_sxm");
  CHECK(read(R"({"base": "hgx-h100x4", "nodes": 2})").gpus() == 16);
}

TEST_CASE("Another kind of node than the base's takes over none of its keys") {
  const Cluster cluster = read(
      R"({"base": "l40s-pcie", "gpu": "h100_sxm", "node_fabric": {"kind": "nvswitch"}, "fabric": {"rails": 2}})");
  CHECK(to_json(cluster)["node_fabric"] == Json{{"kind", "nvswitch"}});
  CHECK(cluster.fabric.nics_per_node == 2);
  CHECK(cluster.fabric.nic.value() == Approx(25e9));
  CHECK(read(R"({"base": "l40s-pcie", "node_fabric": {"sockets": 1}})").node_fabric.gpus_per_switch == 4);
}

TEST_CASE("Another kind of fabric than the base's keeps its NICs and no other key") {
  const Cluster cluster = read(R"({"base": "gb200-nvl72", "nodes": 4, "fabric": {"kind": "fat_tree"}})");
  CHECK_FALSE(cluster.fabric.rails);
  CHECK(cluster.fabric.nics_per_node == 72);
  CHECK(cluster.fabric.nodes_per_leaf == 1);
  const Cluster torus = read(R"({"base": "dgx-a100", "nodes": 6, "fabric": {"kind": "torus"}})");
  CHECK(torus.fabric.nic.value() == Approx(25e9));
  CHECK(torus.fabric.routing == "dimension_order");
  CHECK(torus.fabric.dimensions == std::vector<std::int64_t>{3, 2});
}

TEST_CASE("An inline cluster gets one 400 Gb/s NIC per GPU, no oversubscription and adaptive routing") {
  const Cluster cluster = read(R"({"gpu": "h200_sxm", "gpus_per_node": 4, "nodes": 2})");
  CHECK(cluster.gpus() == 8);
  CHECK(cluster.fabric.kind == "rail_optimised");
  CHECK(cluster.fabric.nics_per_node == 4);
  CHECK(cluster.fabric.nic.value() == Approx(50e9));
  CHECK(cluster.fabric.oversubscription == 1.0);
  CHECK(cluster.fabric.routing == "adaptive");
  CHECK(cluster.nvlink_latency < cluster.fabric_latency);
}

TEST_CASE("A cluster's file may name a GPU's file beside it") {
  const TemporaryFolder folder;
  folder.write("gpu.json", R"({"base": "h100_sxm", "memory": "96 GB"})");
  folder.write("cluster.json", R"({"gpu": "./gpu.json", "gpus_per_node": 2})");
  const Cluster cluster = read_cluster("cluster.json", folder.path().string(), "test");
  CHECK(cluster.name == "cluster");
  CHECK(cluster.gpu.memory.value() == Approx(96e9));
}

TEST_CASE("A cluster is written with everything filled in and reads back the same") {
  const Cluster cluster =
      read(R"({"base": "hgx-h100", "nodes": 3, "fabric": {"oversubscription": 2, "routing": "ecmp"},
                                   "gpu": {"base": "a100_sxm", "nvlink": null}, "fabric_latency": "3 us"})");
  const Json json = to_json(cluster);
  CHECK(json["fabric"]["nics_per_node"] == 8);
  const Cluster again = read_cluster(json, "", "test");
  CHECK(to_json(again) == json);
  CHECK(again.gpu == cluster.gpu);
  CHECK(again.gpu.nvlink.value() == 0.0);
  CHECK(again.fabric.oversubscription == 2.0);
}

TEST_CASE("A wrong cluster is refused with its place and what to give") {
  struct Row {
    std::string json;
    std::vector<std::string> pieces;
  };
  const std::vector<Row> rows = {
      {R"("hgx-h10")", {"scenario.json: /cluster: unknown cluster", "did you mean \"hgx-h100\"", "hgx-h200"}},
      {R"("hgx-h100x")", {"/cluster: unknown cluster"}},
      {R"("hgx-h100x0")", {"/cluster/nodes: 0 is out of range", "from 1 to 4096"}},
      {R"("hgx-h100x9999")", {"/cluster/nodes", "from 1 to 4096"}},
      {R"("none/such.json")", {"none/such.json", "cannot be read"}},
      {"[]", {"/cluster: [] is a list, neither a name"}},
      {R"({"gpus_per_node": 8})", {"/cluster/gpu", "is missing"}},
      {R"({"gpu": "h100_sxm"})", {"/cluster/gpus_per_node", "is missing"}},
      {R"({"gpu": "h300_sxm", "gpus_per_node": 8})", {"/cluster/gpu: unknown GPU", "h100_sxm"}},
      {R"({"base": "hgx-h300"})", {"/cluster/base: unknown cluster"}},
      {R"({"base": "hgx-h100", "nodes": 2.5})", {"/cluster/nodes", "not an integer"}},
      {R"({"base": "hgx-h100", "node": 2})", {"/cluster/node: unknown key", "did you mean \"nodes\""}},
      {R"({"base": "hgx-h100", "nodes": 4096, "gpus_per_node": 256})",
       {"/cluster/nodes", "too many", "65536"}},
      {R"({"base": "hgx-h100", "fabric": {"kind": "rail_optimized"}})",
       {"/cluster/fabric/kind", "did you mean \"rail_optimised\""}},
      {R"({"base": "hgx-h100", "fabric": {"routing": "static"}})",
       {"/cluster/fabric/routing", "adaptive, ecmp"}},
      {R"({"base": "hgx-h100", "fabric": {"nics_per_node": 16}})",
       {"/cluster/fabric/nics_per_node", "from 1 to 8"}},
      {R"({"base": "hgx-h100", "fabric": {"nic": 400}})", {"/cluster/fabric/nic", "no unit"}},
      {R"({"base": "hgx-h100", "fabric": {"nic": "0 Gbps"}})", {"/cluster/fabric/nic", "more than 0"}},
      {R"({"base": "hgx-h100", "fabric": {"oversubscription": 0.5}})",
       {"/cluster/fabric/oversubscription", "from 1 to 64"}},
      {R"({"base": "hgx-h100", "fabric": {"nics": 8}})", {"/cluster/fabric/nics: unknown key"}},
      {R"({"base": "hgx-h100", "nodes": 1000000000})", {"/cluster/nodes: 1000000000", "from 1 to 4096"}},
      {R"({"base": "hgx-h100", "nodes": 1e18})", {"/cluster/nodes", "out of range"}},
      {R"({"base": "hgx-h100", "gpus_per_node": 1000000000})",
       {"/cluster/gpus_per_node: 1000000000", "to 256"}},
      {R"({"base": "hgx-h100", "nodes": "four"})", {"/cluster/nodes", "\"four\""}},
      {R"({"base": "hgx-h100", "fabric": {"kind": "torus", "oversubscription": 2}})",
       {"/cluster/fabric/oversubscription: unknown key",
        "choose one of kind, nics_per_node, nic, dimensions"}},
      {R"({"base": "hgx-h100", "nodes": 8, "fabric": {"kind": "torus", "dimensions": [4, 4]}})",
       {"/cluster/fabric/dimensions: 4 x 4 does not make the 8 nodes", "such as 2 x 2 x 2"}},
      {R"({"base": "hgx-h100", "fabric": {"kind": "torus", "dimensions": []}})",
       {"/cluster/fabric/dimensions: is a list of 0", "from 1 to 6"}},
      {R"({"base": "hgx-h100", "fabric": {"kind": "torus", "dimensions": [0]}})",
       {"/cluster/fabric/dimensions/0: 0 is out of range"}},
      {R"({"base": "hgx-h100", "fabric": {"kind": "torus", "routing": "adaptive"}})",
       {"/cluster/fabric/routing", "choose one of dimension_order, ecmp"}},
      {R"({"base": "hgx-h100", "fabric": {"kind": "torus", "hop_latency": "1 s"}})",
       {"/cluster/fabric/hop_latency: 1 s is out of range", "from 0 to 1 ms"}},
      {R"({"base": "hgx-h100", "nodes": 9, "fabric": {"kind": "dragonfly", "routers_per_group": 2,
           "global_links": 1}})",
       {"/cluster/fabric/global_links: 1 for each of 2 routers do not join 5 groups", "at least 2"}},
      {R"({"base": "hgx-h100", "fabric": {"kind": "fat_tree", "nodes_per_leaf": 0}})",
       {"/cluster/fabric/nodes_per_leaf: 0", "from 1 to 4096"}},
      {R"({"gpu": "mi300x", "gpus_per_node": 9})", {"/cluster/gpus_per_node: 9 mi300x", "at most 8"}},
      {R"({"base": "gb200-nvl72", "fabric": {"rails": 5}})",
       {"/cluster/fabric/rails: 5", "72 NICs", "divisor"}},
      {R"({"base": "l40s-pcie", "node_fabric": {"kind": "nvswitch"}})",
       {"/cluster/node_fabric/kind: nvswitch needs links that l40s does not have",
        "choose one of pcie_tree"}},
      {R"({"base": "l40s-pcie", "node_fabric": {"kind": "pcie"}})",
       {"/cluster/node_fabric/kind", "nvswitch, xgmi_mesh, pcie_tree"}},
      {R"({"base": "l40s-pcie", "node_fabric": {"sockets": 9}})",
       {"/cluster/node_fabric/sockets: 9", "1 to 8"}},
      {R"({"base": "l40s-pcie", "node_fabric": {"gpus_per_switch": 0}})",
       {"/cluster/node_fabric/gpus_per_switch: 0", "from 1"}},
      {R"({"base": "l40s-pcie", "node_fabric": {"uplink": 32}})", {"/cluster/node_fabric/uplink", "no unit"}},
      {R"({"base": "l40s-pcie", "node_fabric": {"uplink": "32 GB"}})",
       {"/cluster/node_fabric/uplink", "is not a bandwidth"}},
      {R"({"base": "l40s-pcie", "node_fabric": {"socket_link": "0 GB/s"}})",
       {"/cluster/node_fabric/socket_link", "more than 0"}},
      {R"({"base": "hgx-h100", "node_fabric": {"sockets": 2}})",
       {"/cluster/node_fabric/sockets: unknown key"}},
      {R"({"base": "hgx-h100", "fabric_latency": "1 s"})", {"/cluster/fabric_latency", "from 0 to 1 ms"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    for (const std::string& piece : row.pieces) CHECK_THROWS_WITH(read(row.json), Contains(piece));
    CHECK_THROWS_AS(read(row.json), InputError);
  }
}

TEST_CASE("A file may have a base of several nodes, as an object in place may") {
  const TemporaryFolder folder;
  folder.write("mine.json", R"({"base": "hgx-h100x2", "fabric_latency": "3 us"})");
  const Cluster cluster = read_cluster("./mine.json", folder.path().string(), "test");
  CHECK(cluster.name == "mine");
  CHECK(cluster.nodes == 2);
  CHECK(cluster.fabric_latency.value() == Approx(3e-6));
}

}  // namespace switchyard
