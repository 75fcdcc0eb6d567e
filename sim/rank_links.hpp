// The links of each GPU of an expert group and how long a step keeps them busy: the link-load matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "topologies/link_graph.hpp"

namespace switchyard {

/// Of one rank: the time that its bytes take on its first and last links to its own node, the busiest of them
/// where peers have links of their own, and on its NIC; 0 where it has no such peer.
struct RankLinks {
  std::uint32_t node = 0;
  Seconds in_node_out, in_node_in, fabric_out, fabric_in;
};

/// `loads`: by link. Ranks that share a NIC have its whole load each.
std::vector<RankLinks> rank_links(const LinkGraph& graph, std::span<const GpuId> group,
                                  std::span<const Bytes> loads);

struct BusyLink {
  LinkId link = 0;
  Seconds busy;
};
/// The link that its bytes keep busy longest; none when nothing moves.
std::optional<BusyLink> busiest_link(const LinkGraph& graph, std::span<const Bytes> loads);

}  // namespace switchyard
