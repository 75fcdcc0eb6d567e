// Rings: parallel ones over the rails of a group that spans nodes.
#include "sim/collectives/ring.hpp"

#include <algorithm>

#include "sim/collectives/groups.hpp"
#include "sim/collectives/load_sum.hpp"

namespace switchyard {
namespace {

using Nodes = std::vector<std::vector<GpuId>>;

/// No switch between the GPUs of a node: each pair has a link of its own.
bool meshed(const LinkGraph& graph, const std::vector<GpuId>& gpus) {
  return gpus.size() > 1 && graph.route(gpus[0], gpus[1]).size() == 1;
}

/// What the i-th GPU of a node hands on inside it.
void add_hop(LoadSum& loads, const LinkGraph& graph, const std::vector<GpuId>& gpus, std::size_t i,
             double per_byte) {
  if (!meshed(graph, gpus)) return loads.add(gpus[i], gpus[(i + 1) % gpus.size()], per_byte);
  for (const GpuId peer : gpus)
    if (peer != gpus[i]) loads.add(gpus[i], peer, per_byte / static_cast<double>(gpus.size() - 1));
}

void add_ring_in_node(LoadSum& loads, const LinkGraph& graph, const std::vector<GpuId>& gpus,
                      double per_byte) {
  for (std::size_t i = 0; i < gpus.size(); ++i) add_hop(loads, graph, gpus, i, per_byte);
}

/// The ring that enters and leaves every node by its `rail`-th GPU.
void add_ring_over_nodes(LoadSum& loads, const LinkGraph& graph, const Nodes& nodes, std::size_t rail,
                         double per_byte) {
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const std::vector<GpuId>& gpus = nodes[k];
    for (std::size_t hop = 0; hop + 1 < gpus.size(); ++hop)
      add_hop(loads, graph, gpus, (rail + hop) % gpus.size(), per_byte);
    loads.add(gpus[rail], nodes[(k + 1) % nodes.size()][rail], per_byte);
  }
}

}  // namespace

CollectiveCost ring_cost(const LinkGraph& graph, std::span<const GpuId> group, const Transport& transport,
                         int passes) {
  if (group.size() < 2) return {};
  const Nodes nodes = by_node(graph, group);
  const double n = static_cast<double>(group.size());
  const double per_byte = passes * (n - 1.0) / n;  // over every hop

  LoadSum loads(graph, transport);
  if (nodes.size() == 1) {
    add_ring_in_node(loads, graph, nodes.front(), per_byte);
  } else {
    const auto smallest = std::min_element(nodes.begin(), nodes.end(),
                                           [](const auto& a, const auto& b) { return a.size() < b.size(); });
    const std::size_t rings = smallest->size();
    for (std::size_t rail = 0; rail < rings; ++rail) {
      add_ring_over_nodes(loads, graph, nodes, rail, per_byte / static_cast<double>(rings));
    }
  }
  const double fabric_steps = passes * (static_cast<double>(nodes.size()) - 1.0);
  const double node_steps = passes * (n - 1.0) - fabric_steps;
  return loads.cost(transport.base_latency + node_steps * transport.nvlink_step +
                    fabric_steps * transport.fabric_step);
}

}  // namespace switchyard
