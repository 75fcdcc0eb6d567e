// Loads of an uneven exchange from what each rank sends and receives: never an n x n matrix.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "sim/collectives/exchange.hpp"

namespace switchyard {

/// Shares of a link's rate that transfers reach, inside a node and between nodes.
struct LinkShares {
  double in_node = 1.0, between_nodes = 1.0;
};

/// The weights with which sums load links, found once by walking the routes of every pair. Each GPU's NVLink
/// up and down carry the in-node bytes, its NIC the others; leaf uplinks carry the share of the fabric's
/// bytes that changes rail. The first half of a route is charged to its sender, the second to its receiver, a
/// link in the middle to both by half, as if each rank's bytes were spread evenly over its peers of the kind:
/// exact for links that only one rank sends (or receives) through, always, and for every link when the
/// traffic is so spread.
class UnevenLoads {
 public:
  /// `landing`: whom a rank reaches on other nodes, anyone or only the rank at its own place (of as many
  /// nodes as have that place).
  UnevenLoads(const LinkGraph& graph, std::vector<GpuId> group, Landing landing);

  std::span<const LinkId> links() const { return links_; }
  std::span<const GpuId> group() const { return group_; }
  bool in_one_node() const { return in_one_node_; }
  /// Adds bytes / share to `loads` and gives the busiest link's time. As much is received as sent, or a law
  /// is broken. Not for two threads.
  Seconds add(std::span<const RankTraffic> traffic, const LinkShares& shares, std::span<Bytes> loads) const;

 private:
  /// Of a link per byte that a rank sends or receives.
  using Terms = std::vector<std::pair<LinkId, double>>;
  struct RankTerms {
    Terms send_in_node, send_to_fabric, receive_in_node, receive_from_fabric;
  };
  void note_links();
  void charge(const Terms& terms, Bytes amount) const;

  const LinkGraph& graph_;
  std::vector<GpuId> group_;
  bool in_one_node_ = true;
  std::vector<RankTerms> ranks_;
  std::vector<LinkId> links_;         // that the group uses, sorted
  mutable std::vector<double> busy_;  // by LinkId; a buffer
};

}  // namespace switchyard
