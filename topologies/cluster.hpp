// A cluster: nodes of GPUs joined by a fabric. From a catalogue name, a path, or an inline object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "topologies/gpu.hpp"

namespace switchyard {

struct Blueprint;

/// What joins the GPUs inside a node.
struct NodeFabric {
  std::string kind = "nvswitch";     // a row of node_kinds()
  std::int64_t sockets = 1;          // of a PCIe tree, as all that follows: CPUs, each with its host bridge
  std::int64_t gpus_per_switch = 1;  // 1: straight on the host bridge
  BytesPerSecond uplink;             // a switch's to its host bridge, shared by the GPUs below it
  BytesPerSecond socket_link;        // between two host bridges
};

/// What joins the nodes. Keys beyond the first four are of some kinds only; read_fabric fills in what a kind
/// has.
struct Fabric {
  std::string kind = "rail_optimised";  // a row of fabric_kinds()
  std::int64_t nics_per_node = 0;
  BytesPerSecond nic;                 // per NIC and direction
  std::string routing = "adaptive";   // packets spread over all that is alike: one aggregated link
                                      // | "ecmp": a hash of (from, to) picks one of the shortest ways
                                      // | "dimension_order", of a torus
  double oversubscription = 1.0;      // of the leaf uplinks of leaves and spines; 1 = none
  std::optional<std::int64_t> rails;  // NIC i is on rail i modulo rails; none: a rail each
  std::int64_t nodes_per_leaf = 1;    // of a fat tree
  std::optional<std::int64_t> leaves_per_pod;  // of a fat tree with a third level of switches
  std::int64_t nodes_per_router = 1;           // of a dragonfly, as all that follows
  std::int64_t routers_per_group = 1;
  std::int64_t global_links = 1;         // of each router
  BytesPerSecond local_link;             // between two routers of a group
  BytesPerSecond global_link;            // between two groups
  std::vector<std::int64_t> dimensions;  // of a torus: nodes along each; their product is the nodes
  BytesPerSecond link;                   // of a torus: between neighbours
  Seconds hop_latency;                   // from one switch or router to the next
};

struct Cluster {
  std::string name;
  std::string description;
  std::string source;
  Gpu gpu;
  std::int64_t gpus_per_node = 0;
  std::int64_t nodes = 1;
  NodeFabric node_fabric;
  Fabric fabric;
  Seconds
      nvlink_latency;  // of one hop GPU -> GPU inside a node, be it NVLink, xGMI or PCIe, without software
  std::shared_ptr<const Blueprint> graph;  // free: drawn by the user, without node_fabric and fabric
  /// Of one crossing NIC -> switch -> NIC: each further switch adds the fabric's hop_latency. Of a free
  /// graph, of a whole crossing.
  Seconds fabric_latency;
  std::int64_t gpus() const { return gpus_per_node * nodes; }
};

std::vector<std::string> cluster_names();

/// `wish` is the scenario's "cluster": a name ("hgx-h100"), "NAMExN" for N nodes ("hgx-h100x4"), a path, or
/// an object
/// {"gpu", "gpus_per_node", "nodes", "node_fabric": {…}, "fabric": {…}, "nvlink_latency", "fabric_latency"}
/// or
/// {"base": NAME or NAMExN, "nodes": 4, …}. Defaults: one node; NVSwitches, else an xGMI mesh, else a PCIe
/// tree, by what the GPU has; the `rail_optimised` fabric, one NIC of 400 Gb/s per GPU, a rail each, no
/// oversubscription, adaptive routing. A PCIe tree: one socket up to 4 GPUs, else two; a switch for 4 GPUs.
/// {"gpu", "graph": path or object, "nvlink_latency", "fabric_latency"}: a free graph (graphs/graph.hpp) says
/// nodes and links itself; the latencies are by default those of the first GPU's longest routes within its
/// node and to others.
/// Throws InputError at "source: pointer".
Cluster read_cluster(const Json& wish, const std::string& base_folder, const std::string& source,
                     const std::string& pointer = "/cluster");
/// What to write for the same cluster of so many nodes: "/cluster hgx-h100x4", or "/cluster/nodes 4" for one
/// that is not of the catalogue.
std::string words_for_nodes(const Cluster& cluster, std::int64_t nodes);
/// The object form with everything filled in, for scenario.json: read_cluster reads it back.
Json to_json(const Cluster& cluster);

}  // namespace switchyard
