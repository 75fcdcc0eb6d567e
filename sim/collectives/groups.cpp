// Groups node by node.
#include "sim/collectives/groups.hpp"

#include <algorithm>
#include <map>

#include "sim/base/ensure.hpp"

namespace switchyard {

std::vector<std::vector<GpuId>> by_node(const LinkGraph& graph, std::span<const GpuId> group) {
  std::vector<std::vector<GpuId>> nodes;
  for (GpuId gpu : group) {
    const auto home = std::find_if(nodes.begin(), nodes.end(), [&](const std::vector<GpuId>& node) {
      return graph.node_of(node.front()) == graph.node_of(gpu);
    });
    if (home == nodes.end()) {
      nodes.push_back({gpu});
    } else {
      ensure(std::find(home->begin(), home->end(), gpu) == home->end(), "the GPUs of a group are distinct");
      home->push_back(gpu);
    }
  }
  return nodes;
}

std::vector<Seat> seats_of(const LinkGraph& graph, std::span<const GpuId> group) {
  std::map<std::uint32_t, std::size_t> number;  // of the group's nodes
  std::vector<std::size_t> ranks_on;
  std::vector<Seat> seats;
  for (const GpuId gpu : group) {
    const std::size_t node = number.try_emplace(graph.node_of(gpu), number.size()).first->second;
    if (node == ranks_on.size()) ranks_on.push_back(0);
    seats.push_back({node, ranks_on[node]++});
  }
  for (Seat& seat : seats) seat.places = ranks_on[seat.node];
  return seats;
}

}  // namespace switchyard
