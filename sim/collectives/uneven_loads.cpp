// Loads are linear in what ranks send and receive.
#include "sim/collectives/uneven_loads.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/base/ensure.hpp"
#include "sim/collectives/groups.hpp"

namespace switchyard {
namespace {

using Nodes = std::vector<std::vector<GpuId>>;
using Peers = std::vector<GpuId>;

/// What a rank exchanges with its peers of one kind, per byte that it sends or receives.
struct Exchanged {
  double part = 0.0;  // to or from each peer
  std::map<LinkId, double> sent, received;
};
struct RankExchanged {
  Exchanged near, away;
};

/// Of the i-th link of a route: its first half is the sender's, its second the receiver's, and a link in the
/// middle (between sockets, or the only one in a mesh) half of each.
double sender_share(std::size_t i, std::size_t links) {
  if (2 * i + 1 == links) return 0.5;
  return 2 * i < links ? 1.0 : 0.0;
}

void check_conservation(std::span<const RankTraffic> traffic) {
  RankTraffic sum;
  for (const RankTraffic& rank : traffic) {
    sum.send_in_node += rank.send_in_node;
    sum.send_to_fabric += rank.send_to_fabric;
    sum.receive_in_node += rank.receive_in_node;
    sum.receive_from_fabric += rank.receive_from_fabric;
  }
  const auto same = [](Bytes a, Bytes b) { return std::abs((a - b).value()) <= 1e-9 * (a + b).value(); };
  ensure(same(sum.send_in_node, sum.receive_in_node), "bytes sent = bytes received inside nodes");
  ensure(same(sum.send_to_fabric, sum.receive_from_fabric), "bytes sent = bytes received between nodes");
}

Peers others_in_node(const std::vector<GpuId>& node, GpuId rank) {
  Peers others = node;
  std::erase(others, rank);
  return others;
}

Peers on_other_nodes(const Nodes& nodes, std::size_t own, std::size_t place, Landing landing) {
  Peers peers;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    if (node == own) continue;
    if (landing == Landing::receiver) {
      peers.insert(peers.end(), nodes[node].begin(), nodes[node].end());
    } else if (place < nodes[node].size()) {
      peers.push_back(nodes[node][place]);
    }
  }
  return peers;
}

/// Of the routes from `rank` the first half is its own, the second its peers'.
void walk_routes(const LinkGraph& graph, GpuId rank, const Peers& peers, Exchanged RankExchanged::*kind,
                 std::vector<RankExchanged>& by_gpu) {
  Exchanged& sender = by_gpu[rank].*kind;
  for (const GpuId peer : peers) {
    Exchanged& receiver = by_gpu[peer].*kind;
    const std::vector<LinkId> route = graph.route(rank, peer);
    for (std::size_t i = 0; i < route.size(); ++i) {
      const double share = sender_share(i, route.size());
      if (share > 0.0) sender.sent[route[i]] += sender.part * share;
      if (share < 1.0) receiver.received[route[i]] += receiver.part * (1.0 - share);
    }
  }
}

/// Calls visit(rank, peers in its node, peers on other nodes), node by node; a rank is a peer of its peers.
template <class Visit>
void for_each_rank(const Nodes& nodes, Landing landing, const Visit& visit) {
  for (std::size_t node = 0; node < nodes.size(); ++node)
    for (std::size_t place = 0; place < nodes[node].size(); ++place)
      visit(nodes[node][place], others_in_node(nodes[node], nodes[node][place]),
            on_other_nodes(nodes, node, place, landing));
}

/// By GpuId. One sender after the other: the graph keeps ways by where they start.
std::vector<RankExchanged> walk_all(const LinkGraph& graph, const Nodes& nodes, Landing landing) {
  std::vector<RankExchanged> by_gpu(graph.gpus());
  for_each_rank(nodes, landing, [&](GpuId rank, const Peers& near, const Peers& away) {
    by_gpu[rank].near.part = 1.0 / static_cast<double>(near.size());
    by_gpu[rank].away.part = 1.0 / static_cast<double>(away.size());
  });
  for_each_rank(nodes, landing, [&](GpuId rank, const Peers& near, const Peers& away) {
    walk_routes(graph, rank, near, &RankExchanged::near, by_gpu);
    walk_routes(graph, rank, away, &RankExchanged::away, by_gpu);
  });
  return by_gpu;
}

}  // namespace

UnevenLoads::UnevenLoads(const LinkGraph& graph, std::vector<GpuId> group, Landing landing)
    : graph_(graph), group_(std::move(group)), busy_(graph.links().size()) {
  const Nodes nodes = by_node(graph, group_);
  in_one_node_ = nodes.size() <= 1;
  const std::vector<RankExchanged> by_gpu = walk_all(graph, nodes, landing);
  const auto terms = [](const std::map<LinkId, double>& sum) { return Terms(sum.begin(), sum.end()); };
  for (const GpuId rank : group_) {
    const auto& [near, away] = by_gpu[rank];
    ranks_.push_back({terms(near.sent), terms(away.sent), terms(near.received), terms(away.received)});
  }
  note_links();
}

Seconds UnevenLoads::add(std::span<const RankTraffic> traffic, const LinkShares& shares,
                         std::span<Bytes> loads) const {
  ensure(traffic.size() == group_.size() && loads.size() == busy_.size(),
         "traffic is given per rank and loads per link");
  check_conservation(traffic);
  for (std::size_t i = 0; i < traffic.size(); ++i) {
    charge(ranks_[i].send_in_node, traffic[i].send_in_node / shares.in_node);
    charge(ranks_[i].send_to_fabric, traffic[i].send_to_fabric / shares.between_nodes);
    charge(ranks_[i].receive_in_node, traffic[i].receive_in_node / shares.in_node);
    charge(ranks_[i].receive_from_fabric, traffic[i].receive_from_fabric / shares.between_nodes);
  }
  Seconds longest;
  for (LinkId link : links_) {
    const Bytes bytes(std::exchange(busy_[link], 0.0));
    loads[link] += bytes;
    longest = std::max(longest, bytes / graph_.links()[link].bandwidth);
  }
  return longest;
}

void UnevenLoads::note_links() {
  for (const RankTerms& rank : ranks_) {
    for (const Terms* terms :
         {&rank.send_in_node, &rank.send_to_fabric, &rank.receive_in_node, &rank.receive_from_fabric}) {
      for (const auto& term : *terms) links_.push_back(term.first);
    }
  }
  std::sort(links_.begin(), links_.end());
  links_.erase(std::unique(links_.begin(), links_.end()), links_.end());
}

void UnevenLoads::charge(const Terms& terms, Bytes amount) const {
  ensure(!terms.empty() || amount == Bytes(), "bytes go to a rank that exists");
  for (const auto& [link, per_byte] : terms) busy_[link] += per_byte * amount.value();
}

}  // namespace switchyard
