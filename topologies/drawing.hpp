// The link graph for other programs: Graphviz' DOT and GraphML.
#pragma once

#include <iosfwd>
#include <string>

#include "topologies/link_graph.hpp"

namespace switchyard {

/// A digraph of devices and directed links, labelled with their bandwidths.
void write_dot(const LinkGraph& graph, const std::string& title, std::ostream& out);

/// Vertices have name, kind and node (empty for leaves and spines); edges have name, kind, bytes_per_s,
/// latency_s, and of their Way length and turn. Readable as a cluster's "graph".
void write_graphml(const LinkGraph& graph, std::ostream& out);

}  // namespace switchyard
