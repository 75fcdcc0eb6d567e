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
      {"[]", {"/cluster: is neither a name"}},
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
      {R"({"base": "hgx-h100", "fabric_latency": "1 s"})", {"/cluster/fabric_latency", "from 0 to 1 ms"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    for (const std::string& piece : row.pieces) CHECK_THROWS_WITH(read(row.json), Contains(piece));
    CHECK_THROWS_AS(read(row.json), InputError);
  }
}

}  // namespace switchyard
