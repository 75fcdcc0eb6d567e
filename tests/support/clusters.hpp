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

/// The first `count` GPUs.
inline std::vector<GpuId> first_gpus(GpuId count) {
  std::vector<GpuId> group(count);
  std::iota(group.begin(), group.end(), 0u);
  return group;
}

/// Bytes per second and direction of those clusters.
inline constexpr double kNvlink = 400e9;
inline constexpr double kNic = 50e9;

}  // namespace switchyard
