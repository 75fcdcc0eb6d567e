// Expectations: no token is drawn.
#include "sim/collectives/uniform_exchange.hpp"

#include <algorithm>

#include "sim/base/ensure.hpp"
#include "sim/collectives/distinct.hpp"
#include "sim/collectives/groups.hpp"

namespace switchyard {
namespace {

/// Every copy's expert is on any rank of the group alike.
RankTraffic to_experts(double ranks, double in_node, double copies, Bytes row) {
  const Bytes near = copies * (in_node - 1.0) / ranks * row, far = copies * (ranks - in_node) / ranks * row;
  return {near, far, near, far};
}

/// A copy to each node that a token goes to, then one to each rank.
RankTraffic through_nodes(double nodes, double places, const ExchangeShape& shape, double tokens, Bytes row) {
  const double visited = std::min(nodes, static_cast<double>(kMostNodesOfToken));
  const auto eligible = static_cast<std::int64_t>(static_cast<double>(shape.experts) * visited / nodes);
  const double to_nodes = tokens * distinct_bins(visited, eligible, shape.top_k);
  const double to_ranks = tokens * distinct_bins(visited * places, eligible, shape.top_k);
  const Bytes near = to_ranks * (places - 1.0) / places * row, far = to_nodes * (nodes - 1.0) / nodes * row;
  return {near, far, near, far};
}

}  // namespace

std::vector<RankTraffic> uniform_traffic(const LinkGraph& graph, std::span<const GpuId> group, Copies copies,
                                         const ExchangeShape& shape, double tokens, Bytes row) {
  const std::vector<Seat> seats = seats_of(graph, group);
  double nodes = 0.0;
  for (const Seat& seat : seats) nodes = std::max(nodes, static_cast<double>(seat.node) + 1.0);
  const double ranks = static_cast<double>(group.size());
  std::vector<RankTraffic> traffic;
  for (const Seat& seat : seats) {
    const double places = static_cast<double>(seat.places);
    if (copies == Copies::per_expert) {
      traffic.push_back(to_experts(ranks, places, tokens * static_cast<double>(shape.top_k), row));
    } else {
      ensure(places * nodes == ranks, "the nodes of a forwarding group are filled alike");
      traffic.push_back(through_nodes(nodes, places, shape, tokens, row));
    }
  }
  return traffic;
}

Bytes fp8_row(std::int64_t hidden) {
  return Bytes(static_cast<double>(hidden) + static_cast<double>(hidden) / 128.0 * 4.0);
}

Bytes bf16_row(std::int64_t hidden) { return Bytes(2.0 * static_cast<double>(hidden)); }

}  // namespace switchyard
