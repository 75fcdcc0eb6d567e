// All-to-all with what each rank sends and receives given: loads are linear in those sums, with weights found
// once by walking the routes of every pair.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "sim/base/ensure.hpp"
#include "sim/collectives/load_sum.hpp"
#include "sim/collectives/pairwise.hpp"

namespace switchyard {
namespace {

/// Busy bytes of a link per byte that a rank sends or receives.
using Terms = std::vector<std::pair<LinkId, double>>;

enum class Peers { in_node, on_other_nodes };

struct RankTerms {
  Terms send_in_node, send_to_fabric, receive_in_node, receive_from_fabric;
};

}  // namespace

struct PairwiseAllToAll::State {
  const LinkGraph& graph;
  Transport transport;
  std::vector<GpuId> group;
  Seconds latency{};
  std::vector<RankTerms> ranks{};
  std::vector<LinkId> links{};  // that the group uses, sorted
  std::vector<double> busy{};   // bytes by LinkId; a buffer

  Terms sending(GpuId rank, Peers kind) const;
  Terms receiving(GpuId rank, Peers kind) const;
  std::vector<GpuId> peers(GpuId rank, Peers kind) const;
  void note_links();
  void charge(const Terms& terms, Bytes amount);
};

namespace {

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

}  // namespace

PairwiseAllToAll::PairwiseAllToAll(const LinkGraph& graph, std::vector<GpuId> group,
                                   const Transport& transport)
    : state_(new State{graph, transport, std::move(group)}) {
  State& s = *state_;
  s.latency = pairwise_latency(graph, s.group, transport);
  for (GpuId rank : s.group) {
    s.ranks.push_back({s.sending(rank, Peers::in_node), s.sending(rank, Peers::on_other_nodes),
                       s.receiving(rank, Peers::in_node), s.receiving(rank, Peers::on_other_nodes)});
  }
  s.note_links();
  s.busy.resize(graph.links().size());
}

PairwiseAllToAll::~PairwiseAllToAll() = default;
PairwiseAllToAll::PairwiseAllToAll(PairwiseAllToAll&&) noexcept = default;

Seconds PairwiseAllToAll::latency() const { return state_->latency; }

std::span<const LinkId> PairwiseAllToAll::links() const { return state_->links; }

Seconds PairwiseAllToAll::time(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const {
  State& s = *state_;
  ensure(traffic.size() == s.group.size() && loads.size() == s.busy.size(),
         "traffic is given per rank and loads per link");
  check_conservation(traffic);
  for (std::size_t i = 0; i < traffic.size(); ++i) {
    s.charge(s.ranks[i].send_in_node, traffic[i].send_in_node);
    s.charge(s.ranks[i].send_to_fabric, traffic[i].send_to_fabric);
    s.charge(s.ranks[i].receive_in_node, traffic[i].receive_in_node);
    s.charge(s.ranks[i].receive_from_fabric, traffic[i].receive_from_fabric);
  }
  Seconds longest;
  for (LinkId link : s.links) {
    const Bytes bytes(std::exchange(s.busy[link], 0.0));
    loads[link] += bytes;
    longest = std::max(longest, bytes / s.graph.links()[link].bandwidth);
  }
  return longest > Seconds() ? latency() + longest : Seconds();
}

/// The first half of the routes from `rank`, its bytes in equal parts to all peers of a kind.
Terms PairwiseAllToAll::State::sending(GpuId rank, Peers kind) const {
  std::map<LinkId, double> sum;
  const std::vector<GpuId> to = peers(rank, kind);
  for (GpuId peer : to) {
    const std::vector<LinkId> route = graph.route(rank, peer);
    const double part = 1.0 / efficiency(graph, route, transport) / static_cast<double>(to.size());
    for (std::size_t i = 0; 2 * i < route.size(); ++i) sum[route[i]] += part * sender_share(i, route.size());
  }
  return {sum.begin(), sum.end()};
}

/// The second half of the routes to `rank`.
Terms PairwiseAllToAll::State::receiving(GpuId rank, Peers kind) const {
  std::map<LinkId, double> sum;
  const std::vector<GpuId> from = peers(rank, kind);
  for (GpuId peer : from) {
    const std::vector<LinkId> route = graph.route(peer, rank);
    const double part = 1.0 / efficiency(graph, route, transport) / static_cast<double>(from.size());
    for (std::size_t i = route.size() / 2; i < route.size(); ++i)
      sum[route[i]] += part * (1.0 - sender_share(i, route.size()));
  }
  return {sum.begin(), sum.end()};
}

std::vector<GpuId> PairwiseAllToAll::State::peers(GpuId rank, Peers kind) const {
  std::vector<GpuId> result;
  for (GpuId other : group) {
    if (other != rank && (graph.node_of(other) == graph.node_of(rank)) == (kind == Peers::in_node))
      result.push_back(other);
  }
  return result;
}

void PairwiseAllToAll::State::note_links() {
  for (const RankTerms& rank : ranks) {
    for (const Terms* terms :
         {&rank.send_in_node, &rank.send_to_fabric, &rank.receive_in_node, &rank.receive_from_fabric}) {
      for (const auto& term : *terms) links.push_back(term.first);
    }
  }
  std::sort(links.begin(), links.end());
  links.erase(std::unique(links.begin(), links.end()), links.end());
}

void PairwiseAllToAll::State::charge(const Terms& terms, Bytes amount) {
  ensure(!terms.empty() || amount == Bytes(), "bytes go to a rank that exists");
  for (const auto& [link, per_byte] : terms) busy[link] += per_byte * amount.value();
}

}  // namespace switchyard
