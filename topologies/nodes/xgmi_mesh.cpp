// GPUs joined two by two: no switch, and no GPU forwards for another. As on AMD's platforms of eight, each
// pair has one link; a node of fewer GPUs leaves the other links of a GPU unused.
#include "topologies/nodes/node_kind.hpp"

namespace switchyard {

Ports join_by_xgmi_mesh(Blueprint& blueprint, const Cluster& cluster, std::uint32_t, GpuId first) {
  Ports ports;
  for (GpuId g = 0; g < cluster.gpus_per_node; ++g) {
    for (GpuId h = 0; h < g; ++h)
      blueprint.join(first + h, first + g, LinkKind::xgmi, cluster.gpu.xgmi, cluster.nvlink_latency);
    ports.of_gpu.push_back(first + g);
  }
  return ports;
}

}  // namespace switchyard
