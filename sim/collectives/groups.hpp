// A group of GPUs, node by node.
#pragma once

#include <span>
#include <vector>

#include "topologies/link_graph.hpp"

namespace switchyard {

/// The group's GPUs by node, nodes and GPUs in the group's order. A GPU named twice breaks a law.
std::vector<std::vector<GpuId>> by_node(const LinkGraph& graph, std::span<const GpuId> group);

}  // namespace switchyard
