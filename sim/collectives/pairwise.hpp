// What the regular and the uneven all-to-all share.
#pragma once

#include "sim/collectives/collective.hpp"

namespace switchyard {

/// Base + one round per peer, issued one after another at the pace of a step inside a node, + one step of the
/// fabric when a peer is on another node: messages to different peers are under way together. Stated; a group
/// of one: 0.
Seconds pairwise_latency(const LinkGraph& graph, std::span<const GpuId> group, const Transport& transport);

}  // namespace switchyard
