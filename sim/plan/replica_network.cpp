// Prices the groups of a replica with the ring algorithms.
#include "sim/plan/replica_network.hpp"

#include <algorithm>
#include <map>

#include "sim/base/menu.hpp"

namespace switchyard {
namespace {

class Pricer {
 public:
  Pricer(const LinkGraph& graph, const Transport& transport) : graph_(graph), transport_(transport) {}
  CollectiveCost operator()(std::string_view algorithm, const std::vector<GpuId>& group) const {
    return choose(collective_algorithms(), algorithm, "collective").cost(graph_, group, transport_);
  }

 private:
  const LinkGraph& graph_;
  const Transport& transport_;
};

CollectiveCost send_between(const Deployment& d, std::int64_t replica, std::int64_t stage,
                            const Pricer& price, const LinkGraph& graph) {
  const std::vector<GpuId> from = expert_group(d, replica, stage);
  const std::vector<GpuId> to = expert_group(d, replica, stage + 1);
  std::vector<CollectiveCost> sends;
  for (std::size_t i = 0; i < from.size(); ++i) sends.push_back(price("send", {from[i], to[i]}));
  return merged(graph, sends);
}

std::map<LinkId, Bytes> loads_of(std::span<const CollectiveCost> costs) {
  std::map<LinkId, Bytes> loads;
  for (const CollectiveCost& cost : costs)
    for (const LinkLoad& load : cost.loads_per_byte) loads[load.link] += load.bytes;
  return loads;
}

/// A link that several of the groups use serves them all, each with about as many bytes.
void share_links(const LinkGraph& graph, std::vector<CollectiveCost>& at_the_same_time) {
  const std::map<LinkId, Bytes> loads = loads_of(at_the_same_time);
  for (CollectiveCost& cost : at_the_same_time)
    for (const LinkLoad& load : cost.loads_per_byte) {
      const double seconds_per_byte = (loads.at(load.link) / graph.links()[load.link].bandwidth).value();
      if (seconds_per_byte <= cost.seconds_per_byte) continue;
      cost.seconds_per_byte = seconds_per_byte;
      cost.bottleneck = load.link;
    }
}

}  // namespace

ReplicaNetwork replica_network(const Deployment& d, std::int64_t replica, const LinkGraph& graph,
                               const Transport& transport) {
  const Pricer price(graph, transport);
  ReplicaNetwork network;
  for (std::int64_t stage = 0; stage < d.pipeline_parallel_size; ++stage) {
    StageNetwork& here = network.stages.emplace_back();
    here.expert_group = expert_group(d, replica, stage);
    for (std::int64_t dp = 0; dp < d.data_parallel_size && d.tensor_parallel_size > 1; ++dp) {
      const std::vector<GpuId> group = tensor_group(d, replica, dp, stage);
      here.tensor_all_reduce.push_back(price("ring_all_reduce", group));
      here.tensor_all_gather.push_back(price("ring_all_gather", group));
    }
    share_links(graph, here.tensor_all_reduce);
    share_links(graph, here.tensor_all_gather);
    if (d.data_parallel_size > 1) {
      const std::vector<GpuId>& group = here.expert_group;
      here.expert_all_gather = price("ring_all_gather", group);
      here.expert_reduce_scatter = price("ring_reduce_scatter", group);
      if (d.all2all_backend == "pairwise") here.pairwise.emplace(graph, group, transport);
    }
    if (stage + 1 < d.pipeline_parallel_size)
      here.send_to_next = send_between(d, replica, stage, price, graph);
  }
  return network;
}

std::vector<LinkId> links_of(const ReplicaNetwork& network) {
  std::vector<LinkId> links;
  const auto add = [&](const CollectiveCost& cost) {
    for (const LinkLoad& load : cost.loads_per_byte) links.push_back(load.link);
  };
  for (const StageNetwork& stage : network.stages) {
    for (const CollectiveCost& cost : stage.tensor_all_reduce) add(cost);
    for (const CollectiveCost& cost : stage.tensor_all_gather) add(cost);
    add(stage.expert_all_gather);
    add(stage.expert_reduce_scatter);
    if (stage.pairwise)
      links.insert(links.end(), stage.pairwise->links().begin(), stage.pairwise->links().end());
    add(stage.send_to_next);
  }
  std::sort(links.begin(), links.end());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

CollectiveCost merged(const LinkGraph& graph, std::span<const CollectiveCost> costs) {
  CollectiveCost result;
  for (const CollectiveCost& cost : costs) result.latency = std::max(result.latency, cost.latency);
  for (const auto& [link, bytes] : loads_of(costs)) {
    const double seconds_per_byte = (bytes / graph.links()[link].bandwidth).value();
    if (seconds_per_byte > result.seconds_per_byte) {
      result.seconds_per_byte = seconds_per_byte;
      result.bottleneck = link;
    }
    result.loads_per_byte.push_back({link, bytes});
  }
  return result;
}

}  // namespace switchyard
