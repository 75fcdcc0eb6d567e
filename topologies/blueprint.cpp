// Nodes one by one, their insides by the menu of node kinds, and their NICs.
#include "topologies/blueprint.hpp"

#include "sim/base/menu.hpp"
#include "topologies/fabrics/fabric.hpp"
#include "topologies/nodes/node_kind.hpp"

namespace switchyard {
namespace {

/// A NIC stands beside the GPUs that it serves, or it is the only one of a node.
void add_nics(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, const Ports& ports) {
  const auto nics = static_cast<std::size_t>(cluster.fabric.nics_per_node);
  const std::size_t first = blueprint.nics.size();
  for (std::size_t n = 0; n < nics; ++n) {
    blueprint.nics.push_back(
        blueprint.add({in_node(node, "nic" + std::to_string(n)), DeviceKind::nic, node, {}}));
  }
  const auto plug = [&](DeviceId port, DeviceId nic) {
    blueprint.join(port, nic, LinkKind::pcie, cluster.gpu.pcie, share_of_nic(cluster));
  };
  if (nics == 1 && ports.of_lone_nic) return plug(*ports.of_lone_nic, blueprint.nics[first]);
  const std::size_t gpus = ports.of_gpu.size();
  for (std::size_t g = 0; g < gpus; ++g) plug(ports.of_gpu[g], blueprint.nics[first + g * nics / gpus]);
}

void add_node(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node) {
  const GpuId first = node * static_cast<GpuId>(cluster.gpus_per_node);
  const NodeKind& kind = choose(node_kinds(), cluster.node_fabric.kind, "node kind");
  const Ports ports = kind.join(blueprint, cluster, node, first);
  if (cluster.nodes > 1) add_nics(blueprint, cluster, node, ports);
}

/// "node0/gpu3>nvswitch" within a node, "node0/nic3>leaf3" across.
std::string link_name(const Device& from, const Device& to) {
  const bool inside = from.node && from.node == to.node;
  return from.name + ">" + (inside ? to.name.substr(to.name.find('/') + 1) : to.name);
}

}  // namespace

Blueprint draw(const Cluster& cluster) {
  if (cluster.graph) return *cluster.graph;
  Blueprint blueprint;
  for (GpuId gpu = 0; gpu < cluster.gpus(); ++gpu) {
    const auto per_node = static_cast<GpuId>(cluster.gpus_per_node);
    const std::string name = "gpu" + std::to_string(gpu % per_node);
    blueprint.add({in_node(gpu / per_node, name), DeviceKind::gpu, gpu / per_node, gpu});
  }
  for (std::uint32_t node = 0; node < cluster.nodes; ++node) add_node(blueprint, cluster, node);
  if (cluster.nodes > 1) choose(fabric_kinds(), cluster.fabric.kind, "fabric kind").join(blueprint, cluster);
  return blueprint;
}

std::string in_node(std::uint32_t node, const std::string& device) {
  return "node" + std::to_string(node) + "/" + device;
}

Seconds share_of_nic(const Cluster& cluster) { return cluster.fabric_latency / 4.0; }

DeviceId Blueprint::add(Device device) {
  devices.push_back(std::move(device));
  return static_cast<DeviceId>(devices.size() - 1);
}

void Blueprint::join(DeviceId a, DeviceId b, LinkKind kind, BytesPerSecond bandwidth, Seconds latency,
                     Way way) {
  links.push_back({link_name(devices[a], devices[b]), kind, bandwidth, latency, a, b, way});
  links.push_back({link_name(devices[b], devices[a]), kind, bandwidth, latency, b, a, way});
}

}  // namespace switchyard
