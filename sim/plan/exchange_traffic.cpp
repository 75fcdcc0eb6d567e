// Counting copies source by source: sums over rows and columns, never an n x n matrix.
#include "sim/plan/exchange_traffic.hpp"

#include "sim/base/ensure.hpp"
#include "sim/collectives/groups.hpp"

namespace switchyard {

ExchangeTraffic::ExchangeTraffic(const LinkGraph& graph, std::span<const GpuId> group, std::int64_t tensor,
                                 Copies per)
    : per_(per), tensor_(static_cast<std::size_t>(tensor)), to_ranks_(group.size()) {
  for (const Seat& seat : seats_of(graph, group)) {
    if (seat.node == on_node_.size()) on_node_.emplace_back();
    place_.push_back(seat.place);
    on_node_[seat.node].push_back(node_of_.size());
    node_of_.push_back(static_cast<std::uint16_t>(seat.node));
  }
  to_nodes_.resize(on_node_.size());
}

void ExchangeTraffic::count(RoutedLoad& routed, std::span<const RankBatch> ranks, std::int64_t first,
                            std::int64_t last) {
  const std::size_t size = node_of_.size();
  ensure(ranks.size() * tensor_ == size, "every batch has its tensor ranks");
  first_ = first;
  copies_.assign(static_cast<std::size_t>(last - first) * size, {});
  const double share = 1.0 / static_cast<double>(tensor_);
  for (std::size_t source = 0; source < ranks.size(); ++source) {
    RoutedLoad::Reached reached;
    if (per_ != Copies::per_expert) reached = routed.reached(ranks, source);
    for (std::int64_t layer = first; layer < last; ++layer) {
      if (per_ == Copies::per_expert) {
        const std::span<const std::uint32_t> sent = routed.sent(layer, static_cast<std::int64_t>(source));
        for (std::size_t rank = 0; rank < size; ++rank) to_ranks_[rank] = share * sent[rank];
      } else {
        const auto on_ranks = reached.counts->on_ranks(layer);
        for (std::size_t rank = 0; rank < size; ++rank)
          to_ranks_[rank] = share * (reached.weight * on_ranks[rank]);
      }
      for (std::size_t node = 0; node < to_nodes_.size() && per_ == Copies::per_node; ++node)
        to_nodes_[node] = share * reached.weight * reached.counts->on_nodes(layer)[node];
      add_source(std::span(copies_).subspan(static_cast<std::size_t>(layer - first) * size, size), source);
    }
  }
}

std::span<const RankCopies> ExchangeTraffic::of(std::int64_t moe_layer) const {
  const std::size_t size = node_of_.size();
  return std::span(copies_).subspan(static_cast<std::size_t>(moe_layer - first_) * size, size);
}

void ExchangeTraffic::add_source(std::span<RankCopies> layer, std::size_t source) {
  for (std::size_t from = source * tensor_; from < (source + 1) * tensor_; ++from) {
    if (per_ == Copies::per_node) send_by_node(layer, from);
    else send_direct(layer, from);
  }
}

void ExchangeTraffic::send_direct(std::span<RankCopies> layer, std::size_t from) {
  RankCopies& own = layer[from];
  for (std::size_t node = 0; node < on_node_.size(); ++node) {
    if (node == node_of_[from]) {
      for (const std::size_t to : on_node_[node]) {
        if (to == from) continue;
        own.send_in_node += to_ranks_[to];
        layer[to].receive_in_node += to_ranks_[to];
      }
    } else {
      for (const std::size_t to : on_node_[node]) {
        own.send_to_fabric += to_ranks_[to];
        layer[to].receive_from_fabric += to_ranks_[to];
      }
    }
  }
}

void ExchangeTraffic::send_by_node(std::span<RankCopies> layer, std::size_t from) {
  for (std::size_t node = 0; node < on_node_.size(); ++node) {
    std::size_t hand = from;  // over which the node's ranks get their copies
    if (node != node_of_[from]) {
      hand = on_node_[node][place_[from] % on_node_[node].size()];
      layer[from].send_to_fabric += to_nodes_[node];
      layer[hand].receive_from_fabric += to_nodes_[node];
    }
    for (const std::size_t to : on_node_[node]) {
      if (to == hand) continue;
      layer[hand].send_in_node += to_ranks_[to];
      layer[to].receive_in_node += to_ranks_[to];
    }
  }
}

}  // namespace switchyard
