// All-to-all of a buffer of S bytes per GPU: each GPU sends S/n to every other.
#include "sim/collectives/algorithms.hpp"
#include "sim/collectives/groups.hpp"
#include "sim/collectives/load_sum.hpp"

namespace switchyard {
namespace {

/// Base + one round per peer, issued one after another at the pace of a step inside a node, + one step of the
/// fabric when a peer is on another node: messages to different peers are under way together. Stated.
Seconds pairwise_latency(const LinkGraph& graph, std::span<const GpuId> group, const Transport& transport) {
  const Seconds rounds = static_cast<double>(group.size() - 1) * transport.nvlink_step;
  const bool in_one_node = by_node(graph, group).size() == 1;
  return transport.base_latency + rounds + (in_one_node ? Seconds() : transport.fabric_step);
}

}  // namespace

CollectiveCost pairwise_all_to_all(const LinkGraph& graph, std::span<const GpuId> group,
                                   const Transport& transport) {
  if (group.size() < 2) return {};
  LoadSum loads(graph, transport);
  for (GpuId from : group) {
    for (GpuId to : group) loads.add(from, to, 1.0 / static_cast<double>(group.size()));
  }
  return loads.cost(pairwise_latency(graph, group, transport));
}

}  // namespace switchyard
