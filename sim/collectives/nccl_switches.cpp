// NCCL's all-reduce by the switches (NVLink SHARP): NVLS in one node, NVLS with trees between nodes across
// several.
#include <algorithm>
#include <cmath>

#include "sim/collectives/groups.hpp"
#include "sim/collectives/load_sum.hpp"
#include "sim/collectives/nccl.hpp"

namespace switchyard {
namespace {

using Nodes = std::vector<std::vector<GpuId>>;

/// Every GPU reads the switches' sum of its part of all buffers and writes it back to all: its link carries
/// S + S/n each way. The first `rails` GPUs of the node have a part each.
void add_node(LoadSum& loads, const std::vector<GpuId>& node, std::size_t rails) {
  for (std::size_t i = 0; i < node.size(); ++i)
    loads.add(node[i], node[(i + 1) % node.size()],
              1.0 + (i < rails ? 1.0 / static_cast<double>(rails) : 0.0));
}

/// Above `node` in the binary tree that is numbered from left to right, so that its leaves are the odd nodes;
/// 0 is the root.
std::size_t parent(std::size_t node, std::size_t nodes) {
  const std::size_t level = node & (~node + 1), above = (node ^ level) | (level << 1);
  return above < nodes ? above : node ^ level;
}

/// Two trees of half the message each, an inner node of one a leaf of the other, so that no NIC sends or
/// receives more than 2 S / rails (Sanders, Speck and Traeff 2009; NCCL's double binary tree mirrors the
/// first tree for an even number of nodes and shifts it for an odd one).
void add_trees(LoadSum& loads, const Nodes& nodes, std::size_t rail, double half) {
  const std::size_t count = nodes.size();
  const auto twin = [&](std::size_t i) { return count % 2 == 0 ? count - 1 - i : (i + 1) % count; };
  for (std::size_t i = 1; i < count; ++i) {
    const std::size_t up = parent(i, count);
    for (const auto& [child, above] : {std::pair{i, up}, std::pair{twin(i), twin(up)}}) {
      loads.add(nodes[child][rail], nodes[above][rail], half);
      loads.add(nodes[above][rail], nodes[child][rail], half);
    }
  }
}

std::size_t smallest(const Nodes& nodes) {
  std::size_t least = nodes.front().size();
  for (const auto& node : nodes) least = std::min(least, node.size());
  return least;
}

}  // namespace

bool switches_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                     const CollectiveParameters& parameters) {
  if (!parameters.nccl.nvls) return false;
  const Nodes nodes = by_node(graph, group);
  return smallest(nodes) > (nodes.size() > 1 ? kFewGpusForNvlsTree : kFewGpusForNvls);
}

CollectiveCost nvls_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                               const CollectiveParameters& parameters) {
  const Nvls& nvls = *parameters.nccl.nvls;
  Transport transport;
  transport.nvlink_efficiency = nvls.share;
  LoadSum loads(graph, transport);
  add_node(loads, {group.begin(), group.end()}, group.size());
  return loads.cost(nvls.base + 2.0 * parameters.nvlink_latency);
}

CollectiveCost nvls_tree_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                                    const CollectiveParameters& parameters) {
  const Nvls& nvls = *parameters.nccl.nvls;
  const Nodes nodes = by_node(graph, group);
  const std::size_t rails = smallest(nodes);
  Transport transport;
  transport.nvlink_efficiency = nvls.share * nvls.tree_share;
  transport.fabric_efficiency = parameters.nccl.rings.fabric_share;
  LoadSum loads(graph, transport);
  for (const auto& node : nodes) add_node(loads, node, rails);
  for (std::size_t rail = 0; rail < rails; ++rail)
    add_trees(loads, nodes, rail, 0.5 / static_cast<double>(rails));
  const double deep = std::ceil(std::log2(static_cast<double>(nodes.size())));
  return loads.cost(nvls.base + 2.0 * parameters.nvlink_latency +
                    2.0 * deep * (nvls.tree_step + parameters.fabric_latency));
}

}  // namespace switchyard
