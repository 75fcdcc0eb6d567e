// What a topology allows at best, without latency and protocol overheads: cuts and lower bounds; and what
// links and routes it has.
#pragma once

#include <optional>
#include <span>
#include <vector>

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

/// Links alike in kind, bandwidth and latency.
struct LinkClass {
  LinkId first = 0;
  std::int64_t count = 0;
};
/// In the order of their first links.
std::vector<LinkClass> link_classes(const LinkGraph& graph);

/// Routes of one sender to several receivers over links of the same classes, one after the other.
struct RouteClass {
  GpuId first = 0;            // receiver
  std::int64_t count = 0;     // receivers
  std::vector<LinkId> links;  // of the route to the first
};
/// All routes of a sender, in the order of their first receivers. Throws std::out_of_range.
std::vector<RouteClass> route_classes(const LinkGraph& graph, GpuId sender);

/// Of the longest route from the first GPU to its counterparts, the GPUs at its place in the other nodes,
/// among the first `gpus` of the cluster: 0 where all are of one node. Rings, trees and DeepEP's normal
/// kernels cross nodes between counterparts alone. Throws std::out_of_range.
Seconds crossing_latency(const LinkGraph& graph, GpuId gpus);

/// What a route carries at most; of one that is not empty.
BytesPerSecond narrowest(const LinkGraph& graph, std::span<const LinkId> route);

}  // namespace switchyard
