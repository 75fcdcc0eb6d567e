// NCCL's collectives: rings, trees and the switches' own reduction over its three protocols.
#pragma once

#include "sim/collectives/collective.hpp"
#include "sim/collectives/parameters.hpp"

namespace switchyard {

Collective nccl_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters);
Collective nccl_all_gather(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters);
Collective nccl_reduce_scatter(const LinkGraph& graph, std::span<const GpuId> group,
                               const CollectiveParameters& parameters);
/// Grouped sends and receives: of a part to every peer; of the whole message to the next of the group.
Collective nccl_all_to_all(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters);
Collective nccl_send(const LinkGraph& graph, std::span<const GpuId> group,
                     const CollectiveParameters& parameters);
/// The same all-to-all with what crosses nodes gathered on the receiver's rail first.
Collective hierarchical_all_to_all(const LinkGraph& graph, std::span<const GpuId> group,
                                   const CollectiveParameters& parameters);

/// Whether NCCL has the switches sum: they can, and the nodes hold enough GPUs of the group.
bool switches_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                     const CollectiveParameters& parameters);
/// By the switches of one node; of each node, with two complementary binary trees between nodes over all
/// rails. Only where switches_reduce.
CollectiveCost nvls_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                               const CollectiveParameters& parameters);
CollectiveCost nvls_tree_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                                    const CollectiveParameters& parameters);

/// LL sends a flag with every word.
inline constexpr double kLlWords = 2.0;

/// Of grouped sends and receives in a group of n over `nodes` nodes: latency with each protocol.
Seconds pairs_latency(const CollectiveParameters& parameters, Seconds base, double peers, double nodes);
/// The share of links' rates that they reach with the Simple protocol: in a node, between nodes.
Transport pairs_transport(const CollectiveParameters& parameters, double n);

}  // namespace switchyard
