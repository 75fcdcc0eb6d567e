// Routes by the names of their links.
#pragma once

#include <string>
#include <vector>

#include "topologies/link_graph.hpp"

namespace switchyard {

inline LinkGraph graph_of(const std::string& json) {
  return LinkGraph(read_cluster(parse_json(json, "test"), "", "test"));
}

/// Nodes of 8 GPUs and NICs of 50 GB/s, joined by `fabric`, the inside of a JSON object.
inline LinkGraph graph_of(std::int64_t nodes, const std::string& fabric) {
  return graph_of(R"({"base": "hgx-h100", "nodes": )" + std::to_string(nodes) + ", \"fabric\": {" + fabric +
                  "}}");
}

inline std::vector<std::string> route_names(const LinkGraph& graph, GpuId from, GpuId to) {
  std::vector<std::string> names;
  for (const LinkId link : graph.route(from, to)) names.push_back(graph.links()[link].name);
  return names;
}

/// The devices between two GPUs' NICs.
inline std::vector<std::string> switches_between(const LinkGraph& graph, GpuId from, GpuId to) {
  std::vector<std::string> names;
  for (const LinkId link : graph.route(from, to)) {
    const Device& device = graph.devices()[graph.links()[link].to];
    if (!device.node) names.push_back(device.name);
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace switchyard
