// The routed experts of a step: their work on the slowest expert rank, the exchanges around it, and the
// shared experts that run beside an exchange.
#include <algorithm>

#include "sim/plan/step_timer.hpp"

namespace switchyard {
namespace {

ExchangeLeg leg_of(const Collective& collective, Bytes message) {
  const CollectiveCost& cost = collective.at(message);
  ExchangeLeg leg;
  leg.latency = cost.latency;
  leg.transfer = Seconds(cost.seconds_per_byte * message.value());
  leg.load = {cost.loads_per_byte, message, cost.transfers_per_byte};
  return leg;
}

}  // namespace

StepTimer::ExpertTimes StepTimer::expert_work(const MoeLayer& layer) {
  const LayerTimes& of_layer = (*kinds_)[layer.kind];
  const LayerTimes::ExpertTime slowest = slowest_experts(layer);
  // Gathered tokens are routed on every rank; else each rank routes its own.
  const std::int64_t tokens = routes_by_source() ? tokens_.most : tokens_.all;
  return {of_layer.routing(tokens), of_layer.permutation(tokens), slowest.products, slowest.activation};
}

LayerTimes::ExpertTime StepTimer::slowest_experts(const MoeLayer& layer) {
  const LayerTimes& of_layer = (*kinds_)[layer.kind];
  const auto time_of = [&](const ExpertLoad& load) -> const LayerTimes::ExpertTime& {
    return of_layer.experts(load.rows, load.tiled_rows, load.reads);
  };
  LayerTimes::ExpertTime slowest;
  ExpertLoad heaviest, all;
  for (const ExpertLoad& load : routed_->loads(layer.moe_layer)) {
    all += load;
    if (of_layer.experts_grow_with_load() && heaviest.covers(load)) continue;  // cannot be slower
    const LayerTimes::ExpertTime& own = time_of(load);
    if (own.total() <= slowest.total()) continue;
    slowest = own;
    heaviest = load;
  }
  if (routed_->expert_ranks() > 1)
    imbalance_ +=
        std::max(Seconds(0.0), slowest.total() - time_of(all.mean(routed_->expert_ranks())).total());
  return slowest;
}

Breakdown StepTimer::ExpertTimes::breakdown() const {
  Breakdown sum;
  sum[Part::expert] = products;
  sum[Part::elementwise] = activation + permutation;
  sum[Part::gate] = routing;
  return sum;
}

StepTimer::ExchangeTimes StepTimer::exchange(std::size_t stage, const MoeLayer& layer) {
  StageNetwork& network = network_.stages[stage];
  if (network.exchange) {
    ExchangeTimes times{network.exchange->dispatch(layer.moe_layer),
                        network.exchange->combine(layer.moe_layer)};
    const Gpu& gpu = model_.cost->gpu();
    for (ExchangeLeg* leg : {&times.dispatch, &times.combine})
      leg->stolen += leg->copied / (gpu.memory_bandwidth * gpu.profile.elementwise.memory);
    if (network.exchange->counts() == Counts::on_host && times.dispatch.total() > Seconds(0.0))
      times.dispatch.latency += model_.engine->host_time_per_exchange;
    return times;
  }
  // A step of decodes alone is a CUDA graph, and every rank is padded to the largest; else each gathers what
  // there is (vLLM's all_gatherv).
  const std::int64_t ranks = model_.deployment->data_parallel_size;
  const std::int64_t rows = tokens_.only_decodes ? tokens_.most * ranks : tokens_.all;
  const Bytes gathered = static_cast<double>(rows) * (*kinds_)[layer.kind].expert_row_bytes();
  return {leg_of(network.expert_all_gather, gathered), leg_of(network.expert_reduce_scatter, gathered)};
}

/// DeepEP's exchanges return at once, and vLLM computes the shared experts until the combine is done
/// (fused_moe/modular_kernel.py, _finalize); beside other backends they have a stream of their own from
/// before the dispatch on, for batches up to a threshold (VLLM_SHARED_EXPERTS_STREAM_TOKEN_THRESHOLD).
StepTimer::BesideExchange StepTimer::beside_exchange(const SegmentTime& segment) const {
  const std::optional<std::int64_t>& most = model_.engine->shared_experts_stream_tokens;
  if (!most) return {};
  if (is_asynchronous(model_.deployment->all2all_backend)) return {Seconds(0.0), segment.shared};
  return {tokens_.most <= *most ? segment.shared : Seconds(0.0), Seconds(0.0)};
}

StepTimer::Exposed StepTimer::write_exchanged(std::size_t stage, const MoeLayer& layer,
                                              std::span<const RankBatch> ranks, const ExpertTimes& experts,
                                              PhaseWriter& out) {
  const BesideExchange beside = beside_exchange(segment_times_[*layer.segment]);
  const ExchangeTimes exchange_times = exchange(stage, layer);
  const ExchangeLeg& dispatch = exchange_times.dispatch;
  const ExchangeLeg& combine = exchange_times.combine;
  write_segment(stage, *layer.segment, ranks, Seconds(0.0) - beside.dispatch - beside.combine, out);
  out.compute(experts.routing);
  out.collective(dispatch.phase({beside.dispatch, {}}));
  out.compute(experts.between());
  out.collective(combine.phase({beside.combine, {}}));
  Exposed exposed{dispatch.exposed({beside.dispatch, {}}), combine.exposed({beside.combine, {}})};
  hidden_ += dispatch.hidden({beside.dispatch, {}}) + combine.hidden({beside.combine, {}});
  exposed.combine += gather_tokens(stage, ranks, out);
  return exposed;
}

Seconds StepTimer::gather_tokens(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out) {
  const StageNetwork& network = network_.stages[stage];
  if (network.tensor_all_gather.empty()) return Seconds(0.0);
  std::vector<Bytes> shares;
  for (const RankBatch& batch : ranks) shares.push_back(static_cast<double>(batch.tokens()) * hidden_bytes_);
  return together(network.tensor_all_gather, shares, out);
}

void StepTimer::route(std::size_t stage, std::span<const RankBatch> ranks) {
  if (!routes_by_source()) return routed_->route(ranks);
  routed_->route_by_source(ranks);
  const std::vector<MoeLayer>& layers = stages_[stage].moe_layers;
  network_.stages[stage].exchange->count(*routed_, ranks, layers.front().moe_layer,
                                         layers.back().moe_layer + 1);
}

bool StepTimer::routes_by_source() const { return network_.stages.front().exchange != nullptr; }

void StepTimer::place_expert_ranks() {
  if (!routed_ || !routes_by_source()) return;
  if (network_.stages.front().exchange->traffic().copies() == Copies::per_expert) return;
  std::vector<std::vector<std::uint16_t>> node_of;
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
    const std::span<const std::uint16_t> nodes = network_.stages[stage].exchange->traffic().node_of();
    node_of.insert(node_of.end(), stages_[stage].moe_layers.size(), {nodes.begin(), nodes.end()});
  }
  routed_->place_ranks(RankNodes(std::move(node_of)));
}

}  // namespace switchyard
