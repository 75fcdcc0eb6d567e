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

std::vector<GpuId> others_in_node(const std::vector<GpuId>& node, GpuId rank) {
  std::vector<GpuId> others = node;
  std::erase(others, rank);
  return others;
}

std::vector<GpuId> on_other_nodes(const Nodes& nodes, std::size_t own, std::size_t place, Landing landing) {
  std::vector<GpuId> peers;
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

}  // namespace

UnevenLoads::UnevenLoads(const LinkGraph& graph, std::vector<GpuId> group, Landing landing)
    : graph_(graph), group_(std::move(group)), busy_(graph.links().size()) {
  const Nodes nodes = by_node(graph, group_);
  in_one_node_ = nodes.size() <= 1;
  std::map<GpuId, RankTerms> terms;
  for (std::size_t node = 0; node < nodes.size(); ++node)
    for (std::size_t place = 0; place < nodes[node].size(); ++place) {
      const GpuId rank = nodes[node][place];
      const Peers near = others_in_node(nodes[node], rank);
      const Peers away = on_other_nodes(nodes, node, place, landing);
      terms[rank] = {sending(rank, near), sending(rank, away), receiving(rank, near), receiving(rank, away)};
    }
  for (const GpuId rank : group_) ranks_.push_back(std::move(terms.at(rank)));
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

/// The first half of the routes from `rank`, its bytes in equal parts to all of these.
UnevenLoads::Terms UnevenLoads::sending(GpuId rank, const Peers& to) const {
  std::map<LinkId, double> sum;
  for (GpuId peer : to) {
    const std::vector<LinkId> route = graph_.route(rank, peer);
    const double part = 1.0 / static_cast<double>(to.size());
    for (std::size_t i = 0; 2 * i < route.size(); ++i) sum[route[i]] += part * sender_share(i, route.size());
  }
  return {sum.begin(), sum.end()};
}

/// The second half of the routes to `rank`.
UnevenLoads::Terms UnevenLoads::receiving(GpuId rank, const Peers& from) const {
  std::map<LinkId, double> sum;
  for (GpuId peer : from) {
    const std::vector<LinkId> route = graph_.route(peer, rank);
    const double part = 1.0 / static_cast<double>(from.size());
    for (std::size_t i = route.size() / 2; i < route.size(); ++i)
      sum[route[i]] += part * (1.0 - sender_share(i, route.size()));
  }
  return {sum.begin(), sum.end()};
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
