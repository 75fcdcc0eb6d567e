// A cluster drawn as plain lists of devices and directed links, before it becomes a graph.
#pragma once

#include <string>
#include <vector>

#include "topologies/cluster.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

struct Blueprint {
  std::vector<Device> devices;
  std::vector<Link> links;
  std::vector<DeviceId> nics;  // node * nics_per_node + index

  DeviceId add(Device device);
  /// A cable: one link each way.
  void join(DeviceId a, DeviceId b, LinkKind kind, BytesPerSecond bandwidth, Seconds latency, Way way = {});
};

/// Nodes and, where there are several, their NICs and the fabric; or the cluster's own graph.
Blueprint draw(const Cluster& cluster);

/// The name of a device inside a node: "node0/gpu3".
std::string in_node(std::uint32_t node, const std::string& device);

/// The share of the fabric's latency at each of the four: PCIe and NIC, of the sender and the receiver.
Seconds share_of_nic(const Cluster& cluster);

}  // namespace switchyard
