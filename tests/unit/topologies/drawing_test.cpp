// What other programs read: Boost's own readers find the same graph again.
#include "topologies/drawing.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphml.hpp>
#include <boost/graph/graphviz.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <sstream>
#include <tuple>

namespace switchyard {
namespace {

struct Vertex {
  std::string id, name, kind, node;
};
struct Edge {
  std::string name, kind, label;
  double bytes_per_s = 0.0, latency_s = 0.0;
  int length = 0, turn = 0;
};
using Reread = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Vertex, Edge>;

/// From, to, kind.
using Ends = std::multiset<std::tuple<std::string, std::string, std::string>>;

Ends ends_of(const LinkGraph& graph) {
  Ends ends;
  for (const Link& link : graph.links()) {
    ends.emplace(graph.devices()[link.from].name, graph.devices()[link.to].name,
                 std::string(name_of(link.kind)));
  }
  return ends;
}

Ends ends_of(const Reread& reread) {
  Ends ends;
  for (auto [edge, end] = boost::edges(reread); edge != end; ++edge) {
    ends.emplace(reread[boost::source(*edge, reread)].name, reread[boost::target(*edge, reread)].name,
                 reread[*edge].kind);
  }
  return ends;
}

const std::vector<std::string> kClusters = {"hgx-h100x2", "l40s-pciex2", "mi300x-8", "gb200-nvl72"};

}  // namespace

TEST_CASE("GraphML holds every device and link with its properties, and reads back") {
  for (const std::string& name : kClusters) {
    CAPTURE(name);
    const LinkGraph graph(read_cluster(name, "", "test"));
    std::stringstream text;
    write_graphml(graph, text);
    Reread reread;
    boost::dynamic_properties properties;
    properties.property("name", boost::get(&Vertex::name, reread));
    properties.property("kind", boost::get(&Vertex::kind, reread));
    properties.property("node", boost::get(&Vertex::node, reread));
    properties.property("name", boost::get(&Edge::name, reread));
    properties.property("kind", boost::get(&Edge::kind, reread));
    properties.property("bytes_per_s", boost::get(&Edge::bytes_per_s, reread));
    properties.property("latency_s", boost::get(&Edge::latency_s, reread));
    properties.property("length", boost::get(&Edge::length, reread));
    properties.property("turn", boost::get(&Edge::turn, reread));
    boost::read_graphml(text, reread, properties);

    REQUIRE(boost::num_vertices(reread) == graph.devices().size());
    for (DeviceId id = 0; id < graph.devices().size(); ++id) {
      const Device& device = graph.devices()[id];
      REQUIRE(reread[id].name == device.name);
      REQUIRE(reread[id].kind == name_of(device.kind));
      REQUIRE(reread[id].node == (device.node ? std::to_string(*device.node) : ""));
    }
    REQUIRE(ends_of(reread) == ends_of(graph));
    std::map<std::string, const Link*> links;
    for (const Link& link : graph.links()) links[link.name] = &link;
    for (auto [edge, end] = boost::edges(reread); edge != end; ++edge) {
      const Link& link = *links.at(reread[*edge].name);
      REQUIRE(reread[*edge].bytes_per_s == Approx(link.bandwidth.value()).epsilon(1e-12));
      REQUIRE(reread[*edge].latency_s == Approx(link.latency.value()).epsilon(1e-12));
    }
  }
}

TEST_CASE("DOT holds every device and link, and a title may hold anything") {
  for (const std::string& name : kClusters) {
    CAPTURE(name);
    const LinkGraph graph(read_cluster(name, "", "test"));
    std::stringstream text;
    write_dot(graph, "a \"quoted\" name; {", text);
    Reread reread;
    boost::dynamic_properties properties(boost::ignore_other_properties);
    properties.property("node_id", boost::get(&Vertex::id, reread));
    properties.property("label", boost::get(&Vertex::name, reread));
    properties.property("kind", boost::get(&Vertex::kind, reread));
    properties.property("label", boost::get(&Edge::label, reread));
    properties.property("kind", boost::get(&Edge::kind, reread));
    REQUIRE(boost::read_graphviz(text, reread, properties));
    CHECK(boost::num_vertices(reread) == graph.devices().size());
    CHECK(ends_of(reread) == ends_of(graph));
    for (auto [edge, end] = boost::edges(reread); edge != end; ++edge)
      REQUIRE(parse<BytesPerSecond>(reread[*edge].label).value() > 0.0);
  }
}

}  // namespace switchyard
