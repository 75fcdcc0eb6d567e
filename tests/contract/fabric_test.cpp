// What every kind of fabric promises: routes between all GPUs, and the bounds that its closed forms give.
#include "topologies/fabrics/fabric.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "topologies/analysis.hpp"

namespace switchyard {
namespace {

constexpr double kBytes = 1e6;  // that each pair exchanges

/// Nodes of 8 GPUs with NVLink, 8 NICs of 50 GB/s each, and what closed forms give for them.
struct Form {
  std::string fabric;
  std::int64_t nodes;
  double bisection;   // bytes/s
  double all_to_all;  // seconds; of a hash: at least so long
};

const std::vector<Form>& forms() {
  static const std::vector<Form> kForms = {
      // NICs alone; 2 NICs a leaf that send to 7 GPUs of other rails over half the bandwidth.
      {R"("kind": "rail_optimised")", 4, 16 * 50e9, 24 * kBytes / 50e9},
      {R"("kind": "rail_optimised", "oversubscription": 4)", 2, 8 * 50e9, 2 * 7 * kBytes / 25e9},
      {R"("kind": "rail_optimised", "rails": 2)", 3, 8 * 50e9, 16 * kBytes / 50e9},
      // NICs alone; the 32 GPUs of a leaf send to 96 others over half of their NICs.
      {R"("kind": "fat_tree", "nodes_per_leaf": 4)", 16, 64 * 50e9, 120 * kBytes / 50e9},
      {R"("kind": "fat_tree", "nodes_per_leaf": 4, "oversubscription": 2)", 16, 32 * 50e9,
       32 * 96 * kBytes / (16 * 50e9)},
      // 16 GPUs a leaf, whose uplinks are narrower than those of the pod for the traffic on them.
      {R"("kind": "fat_tree", "nodes_per_leaf": 2, "leaves_per_pod": 2, "oversubscription": 2)", 16,
       2 * 2 * 8 * 50e9, 16 * 112 * kBytes / (8 * 50e9)},
      {R"("kind": "fat_tree", "nodes_per_leaf": 8)", 5, 16 * 50e9, 32 * kBytes / 50e9},
      // Two links of 50 GB/s between each two of four groups of 16 GPUs, two of them in each half.
      {R"("kind": "dragonfly", "routers_per_group": 2, "global_links": 3, "local_link": "200 GB/s")", 8,
       4 * 2 * 50e9, 16 * 16 * kBytes / (2 * 50e9)},
      // Each router's 8 GPUs send to the 48 of other groups, half of that over the link inside.
      {R"("kind": "dragonfly", "routers_per_group": 2, "global_links": 3, "local_link": "40 GB/s")", 8,
       4 * 2 * 40e9, 8 * 48 / 2 * kBytes / 40e9},
      // One group: 8 GPUs of a router send to the 8 of each other one.
      {R"("kind": "dragonfly", "routers_per_group": 4, "local_link": "40 GB/s")", 4, 2 * 2 * 40e9,
       8 * 8 * kBytes / 40e9},
      {R"("kind": "dragonfly", "routers_per_group": 1, "global_links": 4, "global_link": "200 GB/s")", 5,
       16 * 50e9, 32 * kBytes / 50e9},
      // A ring of k (odd) has (k^2 - 1) / 8 pairs on each link one way, for each end of the other dimensions;
      // half of 4 x 3 nodes are cut on 2 x 3 links, of 3 x 5 the first seven on 12,
      // of 5 x 3 x 3 the first 22 on 26.
      {R"("kind": "torus", "dimensions": [3, 5], "link": "200 GB/s")", 15, 12 * 200e9,
       64 * 3 * 3 * kBytes / 200e9},
      {R"("kind": "torus", "dimensions": [5, 3, 3], "link": "200 GB/s")", 45, 26 * 200e9,
       64 * 3 * 9 * kBytes / 200e9},
      {R"("kind": "torus", "dimensions": [2, 2], "link": "100 GB/s")", 4, 2 * 100e9, 64 * 2 * kBytes / 100e9},
  };
  return kForms;
}

LinkGraph graph_of(const Form& form, const std::string& routing = "") {
  const std::string more = routing.empty() ? "" : ", \"routing\": \"" + routing + "\"";
  const std::string json = R"({"gpu": "h100_sxm", "gpus_per_node": 8, "nodes": )" +
                           std::to_string(form.nodes) + ", \"fabric\": {" + form.fabric + more + "}}";
  const Cluster cluster = read_cluster(parse_json(json, "test"), "", "test");
  CHECK(to_json(read_cluster(to_json(cluster), "", "test")) == to_json(cluster));
  return LinkGraph(cluster);
}

/// Each link begins where the one before ended, no GPU and no other node forwards, and no device is met
/// twice.
void check_route(const LinkGraph& graph, GpuId from, GpuId to) {
  DeviceId at = from;
  std::set<DeviceId> met{from};
  for (const LinkId id : graph.route(from, to)) {
    const Link& link = graph.links()[id];
    REQUIRE(link.from == at);
    at = link.to;
    REQUIRE(met.insert(at).second);
    const Device& device = graph.devices()[at];
    REQUIRE((at == to || device.kind != DeviceKind::gpu));
    REQUIRE((!device.node || *device.node == graph.node_of(from) || *device.node == graph.node_of(to)));
  }
  REQUIRE(at == to);
}

double all_to_all_of(const LinkGraph& graph) {
  std::vector<GpuId> group(graph.gpus());
  std::iota(group.begin(), group.end(), GpuId{0});
  return all_to_all_bound(graph, group, Bytes(kBytes)).time.value();
}

}  // namespace

TEST_CASE("Every kind of fabric has its closed forms here") {
  std::set<std::string> kinds, tried;
  for (const FabricKind& kind : fabric_kinds()) kinds.emplace(kind.name);
  for (const Form& form : forms())
    tried.insert(parse_json("{" + form.fabric + "}", "test").at("kind").get<std::string>());
  CHECK(tried == kinds);
}

TEST_CASE("In every fabric each GPU reaches each other one, by as many links as the way back has") {
  for (const Form& form : forms()) {
    for (const char* routing : {"", "ecmp"}) {
      CAPTURE(form.fabric, routing);
      const LinkGraph graph = graph_of(form, routing);
      for (GpuId from = 0; from < graph.gpus(); from += 5) {
        for (GpuId to = 0; to < graph.gpus(); ++to) {
          check_route(graph, from, to);
          REQUIRE(graph.route(from, to).size() == graph.route(to, from).size());
        }
      }
    }
  }
}

TEST_CASE("The bisection and the all-to-all bound of every fabric are its closed forms") {
  for (const Form& form : forms()) {
    CAPTURE(form.fabric);
    const LinkGraph graph = graph_of(form);
    CHECK(bisection_bandwidth(graph).value() == Approx(form.bisection).epsilon(1e-12));
    CHECK(all_to_all_of(graph) == Approx(form.all_to_all).epsilon(1e-12));
  }
}

TEST_CASE("A hash spreads flows no better than packets are spread, over the same links") {
  for (const Form& form : forms()) {
    CAPTURE(form.fabric);
    const LinkGraph hashed = graph_of(form, "ecmp");
    CHECK(bisection_bandwidth(hashed).value() >= form.bisection * (1.0 - 1e-12));
    CHECK(all_to_all_of(hashed) >= form.all_to_all * (1.0 - 1e-12));
  }
}

TEST_CASE("Every link of every fabric has a name of its own") {
  for (const Form& form : forms()) {
    for (const char* routing : {"", "ecmp"}) {
      CAPTURE(form.fabric, routing);
      const LinkGraph graph = graph_of(form, routing);
      std::set<std::string> names;
      for (const Link& link : graph.links()) CHECK(names.insert(link.name).second);
    }
  }
}

}  // namespace switchyard
