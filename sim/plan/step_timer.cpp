// A step, stage by stage and layer by layer.
#include "sim/plan/step_timer.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

void add_scaled(Breakdown& sum, const Breakdown& part, double factor) {
  for (std::size_t i = 0; i < sum.parts.size(); ++i) sum.parts[i] += part.parts[i] * factor;
}

std::int64_t all_tokens(std::span<const RankBatch> ranks) {
  std::int64_t sum = 0;
  for (const RankBatch& batch : ranks) sum += batch.tokens();
  return sum;
}

/// Then the step is a CUDA graph, and every rank is padded to the largest; else each gathers what there is
/// (vLLM's all_gatherv).
bool only_decode(std::span<const RankBatch> ranks) {
  return std::all_of(ranks.begin(), ranks.end(),
                     [](const RankBatch& batch) { return batch.prefills.empty(); });
}

}  // namespace

StepTimer::StepTimer(const ReplicaModel& model, std::shared_ptr<const LayerKinds> kinds,
                     ReplicaNetwork network, std::unique_ptr<RoutedLoad> routed)
    : model_(model),
      kinds_(std::move(kinds)),
      network_(std::move(network)),
      routed_(std::move(routed)),
      head_(head_of(*model.architecture, model.deployment->sharding())),
      hidden_bytes_(static_cast<double>(model.architecture->hidden_size) *
                    bytes_per_element(Precision::bf16)) {
  for (std::int64_t stage = 0; stage < model_.deployment->pipeline_parallel_size; ++stage)
    stages_.push_back(plan_stage(stage));
  if (stages_.size() > 1) {
    links_ = links_of(network_);
    round_loads_.resize(model_.graph->links().size());
  }
  rank_kinds_.resize(static_cast<std::size_t>(model_.deployment->data_parallel_size) * kinds_->size());
}

Breakdown StepTimer::time(std::span<const RankBatch> ranks, std::span<Bytes> loads) {
  ensure(ranks.size() == static_cast<std::size_t>(model_.deployment->data_parallel_size),
         "one batch per attention rank");
  if (stages_.size() > 1) return micro_batched(ranks, loads);
  Breakdown sum = stage_time(0, ranks, loads);
  sum += after_layers(ranks, loads);
  sum[Part::host] = host_time(ranks);
  return sum;
}

StepTimer::Stage StepTimer::plan_stage(std::int64_t index) const {
  const Architecture& architecture = *model_.architecture;
  const auto [first, last] = stage_layers(architecture, model_.deployment->pipeline_parallel_size, index);
  Stage stage;
  std::vector<double> current(kinds_->size(), 0.0);
  const auto close_segment = [&] {
    const auto same = std::find_if(stage.segments.begin(), stage.segments.end(),
                                   [&](const Segment& segment) { return segment.layers_of_kind == current; });
    if (same != stage.segments.end()) same->repeats += 1.0;
    else stage.segments.push_back({current, 1.0});
    std::fill(current.begin(), current.end(), 0.0);
  };
  std::int64_t moe_layer = std::count_if(architecture.layers.begin(), architecture.layers.begin() + first,
                                         [](const Layer& layer) { return layer.moe.has_value(); });
  bool open = false;
  for (std::int64_t l = first; l < last; ++l) {
    const std::size_t kind = kinds_->kind_of(l);
    current[kind] += 1.0;
    open = true;
    if (!architecture.layers[static_cast<std::size_t>(l)].moe) continue;
    stage.moe_layers.push_back({l, moe_layer++, kind});
    if (model_.deployment->data_parallel_size == 1) continue;
    close_segment();
    open = false;
  }
  if (open) close_segment();
  return stage;
}

Breakdown StepTimer::stage_time(std::size_t stage, std::span<const RankBatch> ranks, std::span<Bytes> loads) {
  Breakdown sum = rank_work(stage, ranks);
  load_all_reduces(stage, ranks, loads);
  if (stages_[stage].moe_layers.empty()) return sum;
  route(ranks);
  for (const MoeLayer& layer : stages_[stage].moe_layers)
    sum += expert_work(stage, layer, ranks, loads).breakdown();
  return sum;
}

Breakdown StepTimer::rank_work(std::size_t stage, std::span<const RankBatch> ranks) {
  const std::size_t kinds = kinds_->size();
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    for (std::size_t kind = 0; kind < kinds; ++kind)
      rank_kinds_[rank * kinds + kind] = layer_on_rank(stage, kind, rank, ranks[rank]);

  Breakdown sum;
  for (const Segment& segment : stages_[stage].segments)
    add_scaled(sum, segment_on_rank(segment, slowest_rank(segment, ranks.size())), segment.repeats);
  return sum;
}

std::size_t StepTimer::slowest_rank(const Segment& segment, std::size_t ranks) const {
  std::size_t slowest = 0;
  if (ranks == 1) return slowest;
  Seconds longest;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    const Seconds own = segment_on_rank(segment, rank).total();
    if (own > longest) longest = own, slowest = rank;
  }
  return slowest;
}

Breakdown StepTimer::segment_on_rank(const Segment& segment, std::size_t rank) const {
  const std::size_t kinds = kinds_->size();
  Breakdown sum;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    if (segment.layers_of_kind[kind] > 0.0)
      add_scaled(sum, rank_kinds_[rank * kinds + kind], segment.layers_of_kind[kind]);
  }
  return sum;
}

Breakdown StepTimer::layer_on_rank(std::size_t stage, std::size_t kind, std::size_t rank,
                                   const RankBatch& batch) const {
  const std::int64_t tokens = batch.tokens();
  Breakdown sum = (*kinds_)[kind].token_breakdown(tokens);
  sum += (*kinds_)[kind].attention_breakdown(batch);
  const std::vector<CollectiveCost>& all_reduce = network_.stages[stage].tensor_all_reduce;
  if (!all_reduce.empty() && tokens > 0) {
    sum[Part::communication] +=
        all_reduce[rank].time(static_cast<double>(tokens) * hidden_bytes_) * all_reduces_per_layer(kind);
  }
  return sum;
}

double StepTimer::all_reduces_per_layer(std::size_t kind) const {
  const LayerWork& work = (*kinds_)[kind].work();
  const double mixer = work.output_projection ? 1.0 : 0.0;
  if (model_.deployment->data_parallel_size == 1) return mixer + (work.has_ffn() ? 1.0 : 0.0);
  return mixer + (work.dense_ffn.empty() ? 0.0 : 1.0) + (work.shared_expert.empty() ? 0.0 : 1.0);
}

void StepTimer::load_all_reduces(std::size_t stage, std::span<const RankBatch> ranks,
                                 std::span<Bytes> loads) const {
  const std::vector<CollectiveCost>& all_reduce = network_.stages[stage].tensor_all_reduce;
  if (loads.empty() || all_reduce.empty()) return;
  for (const Segment& segment : stages_[stage].segments)
    for (std::size_t kind = 0; kind < kinds_->size(); ++kind)
      for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        const double times = segment.repeats * segment.layers_of_kind[kind] * all_reduces_per_layer(kind);
        add_loads(all_reduce[rank], static_cast<double>(ranks[rank].tokens()) * hidden_bytes_, times, loads);
      }
}

StepTimer::ExpertTimes StepTimer::expert_work(std::size_t stage, const MoeLayer& layer,
                                              std::span<const RankBatch> ranks, std::span<Bytes> loads) {
  const LayerTimes& of_layer = (*kinds_)[layer.kind];
  LayerTimes::ExpertTime slowest;
  ExpertLoad heaviest;
  for (std::int64_t rank = 0; rank < routed_->expert_ranks(); ++rank) {
    const ExpertLoad load = routed_->load(layer.moe_layer, rank);
    if (of_layer.experts_grow_with_load() && heaviest.covers(load)) continue;  // cannot be slower
    const auto own =
        of_layer.experts(static_cast<double>(load.rows), static_cast<double>(load.tiled_rows), load.active);
    if (own.total() <= slowest.total()) continue;
    slowest = own;
    heaviest = load;
  }
  // Gathered tokens are routed on every rank; else each rank routes its own.
  const std::int64_t tokens = routes_by_source() ? most_tokens(ranks) : all_tokens(ranks);
  ExpertTimes times;
  times.routing = of_layer.routing(tokens);
  times.permutation = of_layer.permutation(tokens);
  times.products = slowest.products;
  times.activation = slowest.activation;
  if (ranks.size() > 1) exchange(stage, layer, ranks, loads, times);
  return times;
}

Breakdown StepTimer::ExpertTimes::breakdown() const {
  Breakdown sum;
  sum[Part::expert] = products;
  sum[Part::elementwise] = activation + permutation;
  sum[Part::gate] = routing;
  sum[Part::communication] = dispatch + combine;
  return sum;
}

void StepTimer::exchange(std::size_t stage, const MoeLayer& layer, std::span<const RankBatch> ranks,
                         std::span<Bytes> loads, ExpertTimes& times) {
  const StageNetwork& network = network_.stages[stage];
  const Bytes row = (*kinds_)[layer.kind].expert_row_bytes();
  if (network.pairwise) {
    pairwise(network, layer, loads, times);
  } else {
    const std::int64_t rows =
        only_decode(ranks) ? most_tokens(ranks) * static_cast<std::int64_t>(ranks.size()) : all_tokens(ranks);
    const Bytes gathered = static_cast<double>(rows) * row;
    times.dispatch = network.expert_all_gather.time(gathered);
    times.combine = network.expert_reduce_scatter.time(gathered);
    add_loads(network.expert_all_gather, gathered, 1.0, loads);
    add_loads(network.expert_reduce_scatter, gathered, 1.0, loads);
  }
  if (network.tensor_all_gather.empty()) return;
  Seconds slowest;  // tensor ranks hold a share of their tokens each
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    const Bytes own = static_cast<double>(ranks[rank].tokens()) * hidden_bytes_;
    slowest = std::max(slowest, network.tensor_all_gather[rank].time(own));
    add_loads(network.tensor_all_gather[rank], own, 1.0, loads);
  }
  times.combine += slowest;
}

void StepTimer::pairwise(const StageNetwork& network, const MoeLayer& layer, std::span<Bytes> loads,
                         ExpertTimes& times) {
  const std::int64_t tensor = model_.deployment->tensor_parallel_size;
  const std::vector<GpuId>& group = network.expert_group;
  traffic_.assign(group.size(), {});
  const Bytes row = (*kinds_)[layer.kind].expert_row_bytes() / static_cast<double>(tensor);
  for (std::size_t from = 0; from < group.size(); ++from)
    for (std::size_t to = 0; to < group.size(); ++to) {
      if (from == to) continue;
      const std::int64_t rows = routed_->sent(layer.moe_layer, static_cast<std::int64_t>(from) / tensor,
                                              static_cast<std::int64_t>(to));
      const Bytes bytes = static_cast<double>(rows) * row;
      const bool in_node = model_.graph->node_of(group[from]) == model_.graph->node_of(group[to]);
      (in_node ? traffic_[from].send_in_node : traffic_[from].send_to_fabric) += bytes;
      (in_node ? traffic_[to].receive_in_node : traffic_[to].receive_from_fabric) += bytes;
    }
  if (loads.empty()) {  // the exchange notes its bytes all the same
    unread_loads_.resize(model_.graph->links().size());
    loads = unread_loads_;
  }
  times.dispatch = network.pairwise->time(traffic_, loads);
  for (RankTraffic& t : traffic_) {
    std::swap(t.send_in_node, t.receive_in_node);
    std::swap(t.send_to_fabric, t.receive_from_fabric);
  }
  times.combine = network.pairwise->time(traffic_, loads);
}

Breakdown StepTimer::after_layers(std::span<const RankBatch> ranks, std::span<Bytes> loads) const {
  const EngineProfile& engine = *model_.engine;
  const StageNetwork& last = network_.stages.back();
  std::int64_t sampled = 0;
  Seconds gather;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    sampled = std::max(sampled, ranks[rank].sampled);
    if (!engine.gathers_logits || last.tensor_all_gather.empty() || ranks[rank].sampled == 0) continue;
    const Bytes logits = static_cast<double>(ranks[rank].sampled * model_.architecture->vocab_size) *
                         bytes_per_element(Precision::bf16);
    gather = std::max(gather, last.tensor_all_gather[rank].time(logits));
    add_loads(last.tensor_all_gather[rank], logits, 1.0, loads);
  }
  Breakdown sum;
  sum[Part::head] = model_.cost->gemm(head_, sampled);
  sum[Part::communication] = gather;
  if (model_.scope == Scope::serving) {
    const Bytes hidden = static_cast<double>(most_tokens(ranks)) * hidden_bytes_;
    sum[Part::elementwise] =
        model_.cost->elementwise(engine.serving_step.kernels, engine.serving_step.passes * hidden);
  }
  return sum;
}

Seconds StepTimer::host_time(std::span<const RankBatch> ranks) const {
  std::size_t sequences = 0;
  for (const RankBatch& batch : ranks) {
    sequences = std::max(sequences, batch.decode_contexts.size() + batch.prefills.size());
  }
  return model_.engine->host_time_per_step +
         model_.engine->host_time_per_sequence * static_cast<double>(sequences);
}

void StepTimer::route(std::span<const RankBatch> ranks) {
  if (routes_by_source()) routed_->route_by_source(ranks);
  else routed_->route(ranks);
}

bool StepTimer::routes_by_source() const {
  return model_.deployment->data_parallel_size > 1 && model_.deployment->all2all_backend == "pairwise";
}

}  // namespace switchyard
