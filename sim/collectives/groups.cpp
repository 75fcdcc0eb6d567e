// Groups node by node.
#include "sim/collectives/groups.hpp"

#include <algorithm>

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

}  // namespace switchyard
