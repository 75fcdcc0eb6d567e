// A Boost graph with everything as properties, for Boost's own writers.
#include "topologies/drawing.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphml.hpp>
#include <boost/graph/graphviz.hpp>
#include <ostream>

namespace switchyard {
namespace {

struct Vertex {
  std::string name, kind, node;
};

struct Edge {
  std::string name, kind;
  double bytes_per_s = 0.0, latency_s = 0.0;
  int length = 1, turn = 0;
};

// Bidirectional, though nobody looks back: gcc 12 finds false faults in the edge iterator of the other kind.
using Drawing = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Vertex, Edge>;

Drawing drawing_of(const LinkGraph& graph) {
  Drawing drawing;
  for (const Device& device : graph.devices()) {
    boost::add_vertex({device.name, std::string(name_of(device.kind)),
                       device.node ? std::to_string(*device.node) : std::string()},
                      drawing);
  }
  for (const Link& link : graph.links()) {
    boost::add_edge(link.from, link.to,
                    {link.name, std::string(name_of(link.kind)), link.bandwidth.value(), link.latency.value(),
                     link.way.length, link.way.turn},
                    drawing);
  }
  return drawing;
}

}  // namespace

void write_dot(const LinkGraph& graph, const std::string& title, std::ostream& out) {
  const Drawing drawing = drawing_of(graph);
  const auto vertex = [&](std::ostream& to, const auto& id) {
    to << "[label=" << boost::escape_dot_string(drawing[id].name) << ", kind=\"" << drawing[id].kind << "\"]";
  };
  const auto edge = [&](std::ostream& to, const auto& id) {
    to << "[label=\"" << to_text(BytesPerSecond(drawing[id].bytes_per_s)) << "\", kind=\"" << drawing[id].kind
       << "\"]";
  };
  const auto whole = [&](std::ostream& to) {
    to << "label=" << boost::escape_dot_string(title) << ";\nconcentrate=true;\nnode [shape=box];\n";
  };
  boost::write_graphviz(out, drawing, vertex, edge, whole);
}

void write_graphml(const LinkGraph& graph, std::ostream& out) {
  Drawing drawing = drawing_of(graph);
  boost::dynamic_properties properties;
  properties.property("name", boost::get(&Vertex::name, drawing));
  properties.property("kind", boost::get(&Vertex::kind, drawing));
  properties.property("node", boost::get(&Vertex::node, drawing));
  properties.property("name", boost::get(&Edge::name, drawing));
  properties.property("kind", boost::get(&Edge::kind, drawing));
  properties.property("bytes_per_s", boost::get(&Edge::bytes_per_s, drawing));
  properties.property("latency_s", boost::get(&Edge::latency_s, drawing));
  properties.property("length", boost::get(&Edge::length, drawing));
  properties.property("turn", boost::get(&Edge::turn, drawing));
  boost::write_graphml(out, drawing, properties, true);
}

}  // namespace switchyard
