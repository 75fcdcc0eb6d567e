// What the figure of the network shows of a graph.
#include "sim/network_map.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace switchyard {
namespace {

LinkGraph graph_of(const std::string& wish) {
  return LinkGraph(read_cluster(parse_json(wish, "test"), "", "test"));
}

/// Every link busy with as many bytes as its number.
std::vector<Bytes> rising(const LinkGraph& graph) {
  std::vector<Bytes> bytes;
  for (LinkId id = 0; id < graph.links().size(); ++id) bytes.emplace_back(1e9 * id);
  return bytes;
}

NetworkMap map_of(const LinkGraph& graph) { return *network_map(graph, rising(graph), Seconds(100.0)); }

std::int64_t devices_in(const NetworkMap& map) {
  std::int64_t count = 0;
  for (const NetworkMap::Device& device : map.devices) count += device.count;
  return count;
}

}  // namespace

TEST_CASE("A small cluster is shown device by device, and each cable is one line") {
  const LinkGraph graph = graph_of(R"("hgx-h100x2")");
  const NetworkMap map = map_of(graph);
  CHECK(map.devices.size() == graph.devices().size());
  CHECK(map.links.size() == graph.links().size() / 2);
  for (const NetworkMap::Link& link : map.links) CHECK(link.count == 1);
  for (const NetworkMap::Device& device : map.devices)
    CHECK(device.place.empty() == (device.kind == "leaf" || device.kind == "spine"));
  CHECK(map.devices[0].name == "gpu0");
  CHECK(map.devices[8].place == "node 1");
}

TEST_CASE("A large cluster is shown by few nodes; what is left out stands as one of each kind") {
  for (
      const char* wish :
      {R"("hgx-h100x128")", R"("gb200-nvl72x8")", R"("l40s-pciex8")", R"("mi300x-8x16")",
       R"({"base": "hgx-h100x64", "fabric": {"kind": "torus"}})",
       R"({"base": "hgx-h100x64", "fabric": {"kind": "dragonfly", "routing": "ecmp"}})",
       R"({"base": "hgx-h100x64", "fabric": {"kind": "fat_tree", "leaves_per_pod": 4, "routing": "ecmp"}})"}) {
    CAPTURE(wish);
    const LinkGraph graph = graph_of(wish);
    const NetworkMap map = map_of(graph);
    CHECK(map.devices.size() <= 120);  // 64 routers, three places
    CHECK(map.links.size() <= 800);
    const auto slots =
        std::count_if(graph.devices().begin(), graph.devices().end(),
                      [](const Device& device) { return device.kind == DeviceKind::pcie_slot; });
    CHECK(devices_in(map) == static_cast<std::int64_t>(graph.devices().size()) - slots);
    for (const NetworkMap::Link& link : map.links) {
      REQUIRE(link.from < map.devices.size());
      REQUIRE(link.to < map.devices.size());
      CHECK(link.utilisation >= link.mean_utilisation);
    }
  }
}

TEST_CASE("A link is as busy as its bytes take of the time, and a line as its busiest link") {
  const LinkGraph graph = graph_of(R"("hgx-h100")");
  std::vector<Bytes> busy(graph.links().size());
  const LinkId up = graph.route(2, 3)[0];
  busy[up] = Bytes(450e9);
  const NetworkMap map = *network_map(graph, busy, Seconds(4.0));
  const auto line = std::max_element(map.links.begin(), map.links.end(), [](const auto& a, const auto& b) {
    return a.utilisation < b.utilisation;
  });
  CHECK(line->name == "node0/gpu2>nvswitch");
  CHECK(line->utilisation == Approx(0.25));
  CHECK(line->mean_utilisation == Approx(0.125));  // the other direction is idle
  REQUIRE(map.busiest.size() == 1);
  CHECK(map.busiest[0].name == "node0/gpu2>nvswitch");
  CHECK(map.busiest[0].bytes.value() == Approx(450e9));
}

TEST_CASE("Of a large cluster the nodes with the busiest links are drawn, and the caption says so") {
  const LinkGraph graph = graph_of(R"("hgx-h100x8")");
  std::vector<Bytes> busy(graph.links().size());
  busy[graph.route(8 * 5, 0)[0]] = Bytes(1e9);
  busy[graph.route(8 * 3, 8 * 3 + 1)[0]] = Bytes(1e9);
  const NetworkMap map = *network_map(graph, busy, Seconds(1.0));
  std::set<std::string> places;
  for (const NetworkMap::Device& device : map.devices) places.insert(device.place);
  CHECK(places == std::set<std::string>{"", "node 3", "node 5", "6 more nodes"});
  CHECK(map.text.find("the 2 with the busiest links") != map.text.npos);
  CHECK(network_map(graph_of(R"("hgx-h100x4")"),
                    std::vector<Bytes>(graph_of(R"("hgx-h100x4")").links().size()), Seconds(1.0))
            ->text.find("busiest links are drawn") == map.text.npos);
}

TEST_CASE("The busiest links come first, and as many as are asked for") {
  const LinkGraph graph = graph_of(R"("hgx-h100x2")");
  const auto links = busiest_links(graph, rising(graph), Seconds(1.0), 4);
  REQUIRE(links.size() == 4);
  for (std::size_t i = 1; i < links.size(); ++i) CHECK(links[i - 1].utilisation >= links[i].utilisation);
  CHECK(busiest_links(graph, std::vector<Bytes>(graph.links().size()), Seconds(1.0), 4).empty());
}

}  // namespace switchyard
