// Prices the groups of a replica.
#include "sim/plan/replica_network.hpp"

#include <algorithm>
#include <map>

#include "sim/base/menu.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/collectives/uniform_exchange.hpp"
#include "workloads/work.hpp"

namespace switchyard {
namespace {

class Pricer {
 public:
  Pricer(const LinkGraph& graph, const CollectiveParameters& parameters)
      : graph_(graph), parameters_(parameters) {}
  Collective operator()(std::string_view operation, std::string_view implementation,
                        const std::vector<GpuId>& group) const {
    return choose_implementation(operation, implementation, "all_reduce").make(graph_, group, parameters_);
  }

 private:
  const LinkGraph& graph_;
  const CollectiveParameters& parameters_;
};

Collective send_between(const Deployment& d, std::int64_t replica, std::int64_t stage, const Pricer& price,
                        const LinkGraph& graph) {
  const std::vector<GpuId> from = expert_group(d, replica, stage);
  const std::vector<GpuId> to = expert_group(d, replica, stage + 1);
  std::vector<Collective> sends;
  for (std::size_t i = 0; i < from.size(); ++i) sends.push_back(price("send", "nccl", {from[i], to[i]}));
  return merged(graph, sends);
}

/// Groups of one kind have the same pieces; a group that spans nodes may have more of them than others.
const CollectiveCost& nth_piece(const Collective& collective, std::size_t n) {
  const auto pieces = collective.pieces();
  return pieces[std::min(n, pieces.size() - 1)].cost;
}

/// What all of them put on links with their n-th piece.
std::map<LinkId, Bytes> loads_of(std::span<const Collective> collectives, std::size_t n) {
  std::map<LinkId, Bytes> loads;
  for (const Collective& collective : collectives)
    if (!collective.pieces().empty())
      for (const LinkLoad& load : nth_piece(collective, n).loads_per_byte) loads[load.link] += load.bytes;
  return loads;
}

/// A link that several of the groups use serves them all, each with about as many bytes.
void share_links(const LinkGraph& graph, std::vector<Collective>& at_the_same_time) {
  if (at_the_same_time.size() < 2) return;
  const std::vector<Collective> alone = at_the_same_time;
  for (Collective& collective : at_the_same_time) {
    for (std::size_t n = 0; n < collective.pieces().size(); ++n) {
      const std::map<LinkId, Bytes> loads = loads_of(alone, n);
      CollectiveCost& cost = collective.pieces()[n].cost;
      for (const LinkLoad& load : cost.loads_per_byte) {
        const double seconds_per_byte = (loads.at(load.link) / graph.links()[load.link].bandwidth).value();
        if (seconds_per_byte <= cost.seconds_per_byte) continue;
        cost.seconds_per_byte = seconds_per_byte;
        cost.bottleneck = load.link;
      }
    }
  }
}

}  // namespace

ExchangeShape exchange_shape(const Architecture& architecture, const ModelPrecision& precision,
                             const Deployment& d) {
  const auto layer = std::find_if(architecture.layers.begin(), architecture.layers.end(),
                                  [](const Layer& candidate) { return candidate.moe.has_value(); });
  if (layer == architecture.layers.end()) return {};
  const LayerWork work = work_of(*layer, architecture.hidden_size, d.sharding(), precision);
  const std::int64_t width = work.experts->hidden_size;
  ExchangeShape shape;
  shape.experts = layer->moe->gate.num_experts + d.num_redundant_experts;
  shape.top_k = layer->moe->gate.num_experts_per_tok;
  shape.combine_row = bf16_row(width);
  shape.dispatch_row = shape.combine_row;
  const ExchangeBackend* exchange = exchange_backend(d.all2all_backend);
  if (exchange != nullptr && exchange->dispatch_row == DispatchRow::fp8 &&
      bytes_per_element(precision.activations.routed_experts) <= bytes_per_element(Precision::fp8))
    shape.dispatch_row = fp8_row(width);
  return shape;
}

ReplicaNetwork replica_network(const Deployment& d, std::int64_t replica, const NetworkSpec& spec) {
  const LinkGraph& graph = *spec.graph;
  const Pricer price(graph, spec.parameters);
  ReplicaNetwork network;
  for (std::int64_t stage = 0; stage < d.pipeline_parallel_size; ++stage) {
    StageNetwork& here = network.stages.emplace_back();
    here.expert_group = expert_group(d, replica, stage);
    for (std::int64_t dp = 0; dp < d.data_parallel_size && d.tensor_parallel_size > 1; ++dp) {
      const std::vector<GpuId> group = tensor_group(d, replica, dp, stage);
      here.tensor_all_reduce.push_back(price("all_reduce", spec.all_reduce, group));
      here.tensor_all_gather.push_back(price("all_gather", "nccl", group));
    }
    share_links(graph, here.tensor_all_reduce);
    share_links(graph, here.tensor_all_gather);
    if (d.data_parallel_size > 1) {
      const std::vector<GpuId>& group = here.expert_group;
      here.expert_all_gather = price("all_gather", "nccl", group);
      here.expert_reduce_scatter = price("reduce_scatter", "nccl", group);
      if (const ExchangeBackend* backend = exchange_backend(d.all2all_backend))
        here.exchange = std::make_unique<ExpertExchange>(graph, group, d.tensor_parallel_size, *backend,
                                                         spec.parameters, spec.exchange);
    }
    if (stage + 1 < d.pipeline_parallel_size)
      here.send_to_next = send_between(d, replica, stage, price, graph);
  }
  return network;
}

std::vector<LinkId> links_of(const ReplicaNetwork& network) {
  std::vector<LinkId> links;
  const auto add = [&](const Collective& collective) {
    for (const CollectivePiece& piece : collective.pieces())
      for (const LinkLoad& load : piece.cost.loads_per_byte) links.push_back(load.link);
  };
  for (const StageNetwork& stage : network.stages) {
    for (const Collective& collective : stage.tensor_all_reduce) add(collective);
    for (const Collective& collective : stage.tensor_all_gather) add(collective);
    add(stage.expert_all_gather);
    add(stage.expert_reduce_scatter);
    if (stage.exchange)
      links.insert(links.end(), stage.exchange->links().begin(), stage.exchange->links().end());
    add(stage.send_to_next);
  }
  std::sort(links.begin(), links.end());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

Collective merged(const LinkGraph& graph, std::span<const Collective> collectives) {
  const auto longest = std::max_element(
      collectives.begin(), collectives.end(),
      [](const Collective& a, const Collective& b) { return a.pieces().size() < b.pieces().size(); });
  if (longest == collectives.end()) return {};
  std::vector<CollectivePiece> pieces(longest->pieces().begin(), longest->pieces().end());
  for (std::size_t n = 0; n < pieces.size(); ++n) {
    CollectiveCost& cost = pieces[n].cost;
    cost.loads_per_byte.clear();
    cost.transfers_per_byte.clear();
    for (const Collective& collective : collectives) {
      if (collective.pieces().empty()) continue;
      const std::vector<Transfer>& transfers = nth_piece(collective, n).transfers_per_byte;
      cost.transfers_per_byte.insert(cost.transfers_per_byte.end(), transfers.begin(), transfers.end());
      cost.latency = std::max(cost.latency, nth_piece(collective, n).latency);
      cost.seconds_per_byte = std::max(cost.seconds_per_byte, nth_piece(collective, n).seconds_per_byte);
    }
    for (const auto& [link, bytes] : loads_of(collectives, n)) {
      const double seconds_per_byte = (bytes / graph.links()[link].bandwidth).value();
      if (seconds_per_byte > cost.seconds_per_byte) {
        cost.seconds_per_byte = seconds_per_byte;
        cost.bottleneck = link;
      }
      cost.loads_per_byte.push_back({link, bytes});
    }
  }
  return Collective(std::move(pieces));
}

}  // namespace switchyard
