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
      {R"({"base": "hgx-h100", "gpu": {"base": "h100_sxm", "nvlink": null}})", 4 * 64e9},
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
