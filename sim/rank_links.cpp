// Reading a graph's loads GPU by GPU.
#include "sim/rank_links.hpp"

#include <algorithm>

namespace switchyard {

std::vector<RankLinks> rank_links(const LinkGraph& graph, std::span<const GpuId> group,
                                  std::span<const Bytes> loads) {
  const auto busy = [&](LinkId link) { return loads[link] / graph.links()[link].bandwidth; };
  const auto nic = [&](const std::vector<LinkId>& route, bool last) -> std::optional<LinkId> {
    std::optional<LinkId> found;
    for (const LinkId link : route)
      if (graph.links()[link].kind == LinkKind::nic && (last || !found)) found = link;
    return found;
  };
  std::vector<RankLinks> result;
  for (const GpuId gpu : group) {
    RankLinks& own = result.emplace_back();
    own.node = graph.node_of(gpu);
    for (const GpuId peer : group) {
      if (peer == gpu || graph.node_of(peer) != own.node) continue;
      own.in_node_out = std::max(own.in_node_out, busy(graph.route(gpu, peer).front()));
      own.in_node_in = std::max(own.in_node_in, busy(graph.route(peer, gpu).back()));
    }
    const auto peer = std::find_if(group.begin(), group.end(),
                                   [&](GpuId other) { return graph.node_of(other) != own.node; });
    if (peer != group.end()) {
      if (const auto out = nic(graph.route(gpu, *peer), false)) own.fabric_out = busy(*out);
      if (const auto in = nic(graph.route(*peer, gpu), true)) own.fabric_in = busy(*in);
    }
  }
  return result;
}

std::optional<BusyLink> busiest_link(const LinkGraph& graph, std::span<const Bytes> loads) {
  std::optional<BusyLink> busiest;
  for (LinkId link = 0; link < loads.size(); ++link) {
    const Seconds busy = loads[link] / graph.links()[link].bandwidth;
    if (busy > (busiest ? busiest->busy : Seconds(0.0))) busiest = BusyLink{link, busy};
  }
  return busiest;
}

}  // namespace switchyard
