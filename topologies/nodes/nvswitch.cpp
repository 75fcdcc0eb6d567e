// GPUs around one logical NVSwitch: a node's real ones carry every GPU's full rate to any other GPU.
#include "topologies/nodes/node_kind.hpp"

namespace switchyard {

Ports join_by_nvswitch(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first) {
  const DeviceId hub = blueprint.add({in_node(node, "nvswitch"), DeviceKind::nvswitch, node, {}});
  Ports ports;
  for (GpuId g = 0; g < cluster.gpus_per_node; ++g) {
    blueprint.join(first + g, hub, LinkKind::nvlink, cluster.gpu.nvlink, cluster.nvlink_latency / 2.0);
    ports.of_gpu.push_back(first + g);
  }
  return ports;
}

}  // namespace switchyard
