// GPUs without links of their own: slots on PCIe switches, switches on the host bridges of the sockets, and a
// link between each two sockets. Uplinks and socket links are shared by all traffic that crosses them.
#include "topologies/nodes/node_kind.hpp"

namespace switchyard {
namespace {

std::vector<DeviceId> add_bridges(Blueprint& blueprint, const NodeFabric& tree, std::uint32_t node) {
  std::vector<DeviceId> bridges;
  for (std::int64_t s = 0; s < tree.sockets; ++s) {
    const DeviceId bridge =
        blueprint.add({in_node(node, "host" + std::to_string(s)), DeviceKind::host_bridge, node, {}});
    // A crossing costs no extra latency here: what it adds is below what the latency of a hop is known to.
    for (const DeviceId other : bridges)
      blueprint.join(other, bridge, LinkKind::socket, tree.socket_link, Seconds());
    bridges.push_back(bridge);
  }
  return bridges;
}

/// The device that the slots of a switch's GPUs stand on.
DeviceId add_switch(Blueprint& blueprint, const NodeFabric& tree, std::uint32_t node, std::int64_t index,
                    DeviceId bridge) {
  if (tree.gpus_per_switch == 1) return bridge;
  const DeviceId hub = blueprint.add(
      {in_node(node, "pcie_switch" + std::to_string(index)), DeviceKind::pcie_switch, node, {}});
  blueprint.join(hub, bridge, LinkKind::pcie, tree.uplink, Seconds());
  return hub;
}

}  // namespace

/// The link GPU - slot carries traffic to peers and to the NIC alike, and is their bottleneck.
Ports join_by_pcie_tree(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first) {
  const NodeFabric& tree = cluster.node_fabric;
  const std::vector<DeviceId> bridges = add_bridges(blueprint, tree, node);
  Ports ports;
  std::int64_t switches = 0;
  std::int64_t below = 0;  // GPUs on the switch that stands last
  std::int64_t last_socket = -1;
  DeviceId hub = 0;
  for (std::int64_t g = 0; g < cluster.gpus_per_node; ++g) {
    const std::int64_t socket = g * tree.sockets / cluster.gpus_per_node;
    if (socket != last_socket || below == tree.gpus_per_switch) {
      hub = add_switch(blueprint, tree, node, switches++, bridges[static_cast<std::size_t>(socket)]);
      below = 0;
    }
    last_socket = socket;
    ++below;
    const GpuId gpu = first + static_cast<GpuId>(g);
    const DeviceId slot =
        blueprint.add({in_node(node, "slot" + std::to_string(g)), DeviceKind::pcie_slot, node, gpu});
    blueprint.join(gpu, slot, LinkKind::pcie, cluster.gpu.pcie, Seconds());
    blueprint.join(slot, hub, LinkKind::pcie, cluster.gpu.pcie, cluster.nvlink_latency / 2.0);
    ports.of_gpu.push_back(slot);
  }
  if (switches > 1) ports.of_lone_nic = bridges.front();
  return ports;
}

}  // namespace switchyard
