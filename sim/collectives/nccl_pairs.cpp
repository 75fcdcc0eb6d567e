// NCCL's grouped sends and receives.
#include <algorithm>

#include "sim/collectives/algorithms.hpp"
#include "sim/collectives/groups.hpp"
#include "sim/collectives/load_sum.hpp"
#include "sim/collectives/nccl.hpp"

namespace switchyard {
namespace {

double peers(std::span<const GpuId> group) { return static_cast<double>(group.size()) - 1.0; }

double nodes_of(const LinkGraph& graph, std::span<const GpuId> group) {
  return static_cast<double>(by_node(graph, group).size());
}

/// Simple at the links' rates, or LL with `ll_message` of each message to each peer over one channel.
Collective with_protocols(const CollectiveParameters& parameters, CollectiveCost links, double n,
                          double nodes, double ll_message) {
  const NcclPairs& pairs = parameters.nccl.pairs;
  CollectiveCost simple = links, ll = std::move(links);
  simple.latency = pairs_latency(parameters, pairs.simple_base, n, nodes);
  ll.latency = pairs_latency(parameters, pairs.ll_base, n, nodes);
  for (LinkLoad& load : ll.loads_per_byte) load.bytes *= kLlWords;
  for (Transfer& transfer : ll.transfers_per_byte) transfer.bytes *= kLlWords;
  ll.seconds_per_byte = std::max(kLlWords * ll.seconds_per_byte, ll_message / pairs.ll_rate.value());
  return Collective({{"pairs LL", std::move(ll)}, {"pairs Simple", std::move(simple)}});
}

}  // namespace

Seconds pairs_latency(const CollectiveParameters& parameters, Seconds base, double peers, double nodes) {
  const Seconds across = parameters.nccl.rings.simple.fabric_step + parameters.fabric_latency;
  return base + parameters.nvlink_latency + peers * parameters.nccl.pairs.round +
         (nodes > 1.0 ? across : Seconds());
}

Transport pairs_transport(const CollectiveParameters& parameters, double n) {
  const NcclPairs& pairs = parameters.nccl.pairs;
  Transport transport;
  transport.nvlink_efficiency = pairs.share * (1.0 - pairs.small_group_loss / n);
  transport.fabric_efficiency = parameters.nccl.rings.fabric_share;
  return transport;
}

Collective nccl_all_to_all(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters) {
  if (group.size() < 2) return {};
  const double n = static_cast<double>(group.size());
  return with_protocols(parameters, pairwise_all_to_all(graph, group, pairs_transport(parameters, n)),
                        peers(group), nodes_of(graph, group), 1.0 / n);
}

Collective nccl_send(const LinkGraph& graph, std::span<const GpuId> group,
                     const CollectiveParameters& parameters) {
  if (group.size() < 2) return {};
  return with_protocols(parameters, send_to_next(graph, group, pairs_transport(parameters, 2.0)), 1.0,
                        nodes_of(graph, group), 1.0);
}

Collective hierarchical_all_to_all(const LinkGraph& graph, std::span<const GpuId> group,
                                   const CollectiveParameters& parameters) {
  if (group.size() < 2) return {};
  const auto nodes = by_node(graph, group);
  const double n = static_cast<double>(group.size());
  LoadSum loads(graph, pairs_transport(parameters, n));
  double places = 1.0;
  for (const auto& node : nodes) {
    places = std::max(places, static_cast<double>(node.size()));
    for (std::size_t from = 0; from < node.size(); ++from) {
      // Through the rank at the receiver's place: all that goes to that place of any node.
      for (const auto& other : nodes)
        for (std::size_t to = 0; to < other.size(); ++to) {
          const GpuId gateway = to < node.size() ? node[to] : node[from];
          loads.add(node[from], gateway, 1.0 / n);
          loads.add(gateway, other[to], 1.0 / n);
        }
    }
  }
  const double rounds = places - 1.0 + static_cast<double>(nodes.size()) - 1.0;
  return with_protocols(parameters, loads.cost({}), rounds, static_cast<double>(nodes.size()), places / n);
}

}  // namespace switchyard
