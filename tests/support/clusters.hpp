// Clusters with round numbers, so that closed forms can be read off: NVLink 400 GB/s, a NIC of 50 GB/s for
// each GPU.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "topologies/link_graph.hpp"

namespace switchyard {

inline Cluster round_cluster(std::int64_t nodes, std::int64_t gpus_per_node, double oversubscription = 1.0) {
  using namespace literals;
  Cluster cluster;
  cluster.name = "round";
  cluster.gpu.name = "round";
  cluster.gpu.nvlink = 400_GBps;
  cluster.gpu.pcie = 50_GBps;
  cluster.gpus_per_node = gpus_per_node;
  cluster.nodes = nodes;
  cluster.fabric.nics_per_node = gpus_per_node;
  cluster.fabric.nic = 50_GBps;
  cluster.fabric.oversubscription = oversubscription;
  return cluster;
}

/// The same with xGMI links of 40 GB/s between each two GPUs of a node instead of NVLink.
inline Cluster round_mesh(std::int64_t nodes, std::int64_t gpus_per_node) {
  Cluster cluster = round_cluster(nodes, gpus_per_node);
  cluster.gpu.nvlink = BytesPerSecond();
  cluster.gpu.xgmi = BytesPerSecond(40e9);
  cluster.gpu.xgmi_links = gpus_per_node - 1;
  cluster.node_fabric.kind = "xgmi_mesh";
  return cluster;
}

/// The same with PCIe alone: two sockets, half of a node's GPUs on a switch of each, an uplink of 50 GB/s.
inline Cluster round_tree(std::int64_t nodes, std::int64_t gpus_per_node) {
  Cluster cluster = round_cluster(nodes, gpus_per_node);
  cluster.gpu.nvlink = BytesPerSecond();
  cluster.node_fabric = {"pcie_tree", 2, gpus_per_node / 2, cluster.gpu.pcie, BytesPerSecond(100e9)};
  return cluster;
}

/// The first `count` GPUs.
inline std::vector<GpuId> first_gpus(GpuId count) {
  std::vector<GpuId> group(count);
  std::iota(group.begin(), group.end(), 0u);
  return group;
}

/// Bytes per second and direction of those clusters.
inline constexpr double kNvlink = 400e9;
inline constexpr double kNic = 50e9;
inline constexpr double kXgmi = 40e9;
inline constexpr double kPcie = 50e9;

}  // namespace switchyard
