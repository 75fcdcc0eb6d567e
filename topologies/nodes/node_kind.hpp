// The menu of node interiors: what joins the GPUs of one node. An interior is one file and one row.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/json.hpp"
#include "topologies/blueprint.hpp"

namespace switchyard {

/// Where traffic leaves a node for its NICs.
struct Ports {
  std::vector<DeviceId> of_gpu;         // in the GPUs' order: the GPU itself, or its PCIe slot
  std::optional<DeviceId> of_lone_nic;  // where the only NIC of a node stands; none: beside each GPU
};

struct NodeKind {
  std::string_view name;
  std::string_view description;
  /// The most of these GPUs that a node can hold; 0: it holds none of them.
  std::int64_t (*most_gpus)(const Gpu& gpu);
  /// Adds the switches and cables of one node to a blueprint in which the GPUs stand, from `first` on.
  Ports (*join)(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first);
};

/// The first that can hold a GPU is the default for it.
std::span<const NodeKind> node_kinds();

/// The "node_fabric" of a cluster: {"kind"}, and for a PCIe tree {"sockets", "gpus_per_switch", "uplink",
/// "socket_link"}. Throws InputError.
NodeFabric read_node(ObjectReader reader, const Gpu& gpu, std::int64_t gpus_per_node);
/// read_node reads it back.
Json to_json(const NodeFabric& node);

}  // namespace switchyard
