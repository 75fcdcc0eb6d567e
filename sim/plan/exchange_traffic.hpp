// What every GPU of an expert group sends and receives around the experts of a layer, counted in copies of a
// token's vector: from the routed rows of a step, for exchanges that send a copy for every chosen expert,
// once a rank, or once a node and from there on over NVLink.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/collectives/exchange.hpp"
#include "sim/plan/routed_load.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

/// Of one GPU in one direction; combining is the same with sent and received swapped.
struct RankCopies {
  double send_in_node = 0.0, send_to_fabric = 0.0, receive_in_node = 0.0, receive_from_fabric = 0.0;
};

class ExchangeTraffic {
 public:
  /// `group`: the GPUs of the expert ranks in their order; each `tensor` consecutive ones are the source of
  /// one batch, of whose tokens they send equal shares.
  ExchangeTraffic(const LinkGraph& graph, std::span<const GpuId> group, std::int64_t tensor, Copies per);

  Copies copies() const { return per_; }
  /// The node of each rank, numbered in the group's order.
  std::span<const std::uint16_t> node_of() const { return node_of_; }

  /// Counts layers [first, last) of a step that `routed` has routed by source, with the same `ranks`. The
  /// ranks must have been placed as node_of() says unless a copy goes to every chosen expert.
  void count(RoutedLoad& routed, std::span<const RankBatch> ranks, std::int64_t first, std::int64_t last);
  /// [ranks] of a MoE layer that was counted.
  std::span<const RankCopies> of(std::int64_t moe_layer) const;

 private:
  /// Copies of one source's tokens to every rank and node.
  void add_source(std::span<RankCopies> layer, std::size_t source);
  void send_direct(std::span<RankCopies> layer, std::size_t from);
  void send_by_node(std::span<RankCopies> layer, std::size_t from);

  Copies per_;
  std::size_t tensor_;
  std::vector<std::uint16_t> node_of_;
  std::vector<std::vector<std::size_t>> on_node_;  // the ranks of each node
  std::vector<std::size_t> place_;                 // of a rank among those of its node
  std::vector<double> to_ranks_, to_nodes_;        // scratch: of one tensor rank's share
  std::vector<RankCopies> copies_;                 // [layers, ranks]
  std::int64_t first_ = 0;
};

}  // namespace switchyard
