// A cluster: nodes of GPUs joined by a fabric. From a catalogue name, a path, or an inline object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "topologies/gpu.hpp"

namespace switchyard {

struct Fabric {
  std::string kind = "rail_optimised";  // a row of fabric_kinds()
  std::int64_t nics_per_node = 0;
  BytesPerSecond nic;                // per NIC and direction
  double oversubscription = 1.0;     // of the leaf uplinks; 1 = none
  std::string routing = "adaptive";  // packets spread over all uplinks of a leaf: one aggregated link
                                     // | "ecmp": a hash of (from, to) picks one spine
};

struct Cluster {
  std::string name;
  std::string source;
  Gpu gpu;
  std::int64_t gpus_per_node = 0;
  std::int64_t nodes = 1;
  Fabric fabric;
  Seconds nvlink_latency;  // of one hop GPU -> NVSwitch (or PCIe switch) -> GPU, without software
  Seconds fabric_latency;  // of one crossing NIC -> leaf (-> spine -> leaf) -> NIC
  std::int64_t gpus() const { return gpus_per_node * nodes; }
};

std::vector<std::string> cluster_names();

/// `wish` is the scenario's "cluster": a name ("hgx-h100"), "NAMExN" for N nodes ("hgx-h100x4"), a path, or
/// an object
/// {"gpu", "gpus_per_node", "nodes", "fabric": {…}, "nvlink_latency", "fabric_latency"} or {"base": NAME,
/// "nodes": 4, …}. Defaults: one node, the `rail_optimised` fabric, one NIC of 400 Gb/s per GPU, no
/// oversubscription, adaptive routing. Throws InputError at "source: pointer".
Cluster read_cluster(const Json& wish, const std::string& base_folder, const std::string& source,
                     const std::string& pointer = "/cluster");
/// What to write for the same cluster of so many nodes: "/cluster hgx-h100x4", or "/cluster/nodes 4" for one
/// that is not of the catalogue.
std::string words_for_nodes(const Cluster& cluster, std::int64_t nodes);
/// The object form with everything filled in, for scenario.json: read_cluster reads it back.
Json to_json(const Cluster& cluster);

}  // namespace switchyard
