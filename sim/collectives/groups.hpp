// A group of GPUs, node by node.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "topologies/link_graph.hpp"

namespace switchyard {

/// The group's GPUs by node, nodes and GPUs in the group's order. A GPU named twice breaks a law.
std::vector<std::vector<GpuId>> by_node(const LinkGraph& graph, std::span<const GpuId> group);

/// Where a rank stands: on which of the group's nodes, as which of how many there, all in the group's order.
struct Seat {
  std::size_t node = 0, place = 0, places = 1;
};
/// One for each rank of the group.
std::vector<Seat> seats_of(const LinkGraph& graph, std::span<const GpuId> group);

}  // namespace switchyard
