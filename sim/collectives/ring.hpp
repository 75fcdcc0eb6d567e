// What the three ring collectives share: the hops, and how long the last part is under way.
#pragma once

#include "sim/collectives/collective.hpp"

namespace switchyard {

/// A ring collective in which every part goes `passes` times around (all-reduce 2, the others 1).
///
/// Hops: inside one node, each GPU to the next in the group's order. Over several nodes as many parallel
/// rings as the smallest node of the group has GPUs, each with an equal share: ring r visits a node's GPUs
/// from its r-th on and enters and leaves every node by the rail of its r-th GPU (NCCL's rings with
/// NCCL_CROSS_NIC=0). Bytes between nodes are so spread evenly over the NICs of the group's GPUs; with g GPUs
/// on each node a GPU sends (g-1)/g of its bytes over NVLink.
///
/// GPUs joined two by two (a mesh of xGMI links) have a ring for each of their links, as RCCL builds them:
/// what a GPU hands on inside its node goes in equal parts to all of its peers there. Seven rings of eight
/// GPUs use every link once (Tillson 1980, Hamiltonian decomposition of the complete digraph); for four GPUs
/// there is no such set of rings, and the bound is that of a direct exchange.
///
/// Latency: base + in-node steps + steps between nodes, one of those per pass for every node but the last, as
/// in NCCL's own tuning model (src/graph/tuning.cc).
CollectiveCost ring_cost(const LinkGraph& graph, std::span<const GpuId> group, const Transport& transport,
                         int passes);

}  // namespace switchyard
