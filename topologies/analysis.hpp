// What a topology allows at best: cuts and lower bounds, without latency and protocol overheads.
#pragma once

#include <optional>
#include <span>

#include "topologies/link_graph.hpp"

namespace switchyard {

/// The most that one half of the GPUs can send to the other, by maximum flow: the first half of the nodes
/// (rounded down) to the rest, or within a single node the first half of its GPUs to the rest. 0 for a single
/// GPU.
BytesPerSecond bisection_bandwidth(const LinkGraph& graph);

struct AllToAllBound {
  Seconds time;
  std::optional<LinkId> bottleneck;  // none for a group of one
};

/// No all-to-all in which each GPU of the group sends `per_pair` to each other one ends before max over the
/// links of load / bandwidth. Throws std::out_of_range.
AllToAllBound all_to_all_bound(const LinkGraph& graph, std::span<const GpuId> group, Bytes per_pair);

}  // namespace switchyard
