// The inside of nodes: GPUs on an NVSwitch (or a PCIe switch), and their NICs.
#include "topologies/blueprint.hpp"

#include "sim/base/menu.hpp"
#include "topologies/fabrics/fabric.hpp"

namespace switchyard {
namespace {

/// The devices where a GPU's traffic leaves it for the NIC: itself, or its PCIe slot when all traffic takes
/// PCIe.
using Ports = std::vector<DeviceId>;

std::string in_node(std::uint32_t node, const std::string& device) {
  return "node" + std::to_string(node) + "/" + device;
}

Ports join_by_nvlink(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first) {
  const DeviceId hub = blueprint.add({in_node(node, "nvswitch"), DeviceKind::nvswitch, node, {}});
  Ports ports;
  for (GpuId g = 0; g < cluster.gpus_per_node; ++g) {
    blueprint.join(first + g, hub, LinkKind::nvlink, cluster.gpu.nvlink, cluster.nvlink_latency / 2.0);
    ports.push_back(first + g);
  }
  return ports;
}

/// The link GPU - slot carries traffic to peers and to the NIC alike, and is their bottleneck.
Ports join_by_pcie(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first) {
  const DeviceId hub = blueprint.add({in_node(node, "pcie_switch"), DeviceKind::pcie_switch, node, {}});
  Ports ports;
  for (GpuId g = 0; g < cluster.gpus_per_node; ++g) {
    ports.push_back(
        blueprint.add({in_node(node, "slot" + std::to_string(g)), DeviceKind::pcie_slot, node, first + g}));
    blueprint.join(first + g, ports.back(), LinkKind::pcie, cluster.gpu.pcie, Seconds());
    blueprint.join(ports.back(), hub, LinkKind::pcie, cluster.gpu.pcie, cluster.nvlink_latency / 2.0);
  }
  return ports;
}

void add_nics(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, const Ports& ports) {
  const auto nics = static_cast<std::size_t>(cluster.fabric.nics_per_node);
  const std::size_t first = blueprint.nics.size();
  for (std::size_t n = 0; n < nics; ++n) {
    blueprint.nics.push_back(
        blueprint.add({in_node(node, "nic" + std::to_string(n)), DeviceKind::nic, node, {}}));
  }
  for (std::size_t g = 0; g < ports.size(); ++g) {
    const DeviceId nic = blueprint.nics[first + g * nics / ports.size()];
    blueprint.join(ports[g], nic, LinkKind::pcie, cluster.gpu.pcie, share_of_nic(cluster));
  }
}

void add_node(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node) {
  const GpuId first = node * static_cast<GpuId>(cluster.gpus_per_node);
  const bool nvlink = cluster.gpu.nvlink.value() > 0.0;
  const Ports ports = nvlink ? join_by_nvlink(blueprint, cluster, node, first)
                             : join_by_pcie(blueprint, cluster, node, first);
  if (cluster.nodes > 1) add_nics(blueprint, cluster, node, ports);
}

/// "node0/gpu3>nvswitch" within a node, "node0/nic3>leaf3" across.
std::string link_name(const Device& from, const Device& to) {
  const bool inside = from.node && from.node == to.node;
  return from.name + ">" + (inside ? to.name.substr(to.name.find('/') + 1) : to.name);
}

}  // namespace

Blueprint draw(const Cluster& cluster) {
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

Seconds share_of_nic(const Cluster& cluster) { return cluster.fabric_latency / 4.0; }

DeviceId Blueprint::add(Device device) {
  devices.push_back(std::move(device));
  return static_cast<DeviceId>(devices.size() - 1);
}

void Blueprint::join(DeviceId a, DeviceId b, LinkKind kind, BytesPerSecond bandwidth, Seconds latency) {
  links.push_back({link_name(devices[a], devices[b]), kind, bandwidth, latency, a, b});
  links.push_back({link_name(devices[b], devices[a]), kind, bandwidth, latency, b, a});
}

}  // namespace switchyard
