// A step, stage by stage and layer by layer.
#include "sim/plan/step_timer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

void add_scaled(Breakdown& sum, const Breakdown& part, double factor) {
  for (std::size_t i = 0; i < sum.parts.size(); ++i) sum.parts[i] += part.parts[i] * factor;
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
  place_expert_ranks();
  rank_kinds_.resize(static_cast<std::size_t>(model_.deployment->data_parallel_size) * kinds_->size());
}

Breakdown StepTimer::time(std::span<const RankBatch> ranks) {
  PhaseWriter unheard(nullptr);
  return time(ranks, unheard);
}

Breakdown StepTimer::time(std::span<const RankBatch> ranks, PhaseSink& sink) {
  PhaseWriter out(&sink);
  const Breakdown sum = time(ranks, out);
  out.finish();
  return sum;
}

Breakdown StepTimer::time(std::span<const RankBatch> ranks, PhaseWriter& out) {
  ensure(ranks.size() == static_cast<std::size_t>(model_.deployment->data_parallel_size),
         "one batch per attention rank");
  const Seconds host = host_time(ranks);
  hidden_ = imbalance_ = Seconds(0.0);
  in_halves_ = 0;
  out.compute(host);
  for (const StageNetwork& stage : network_.stages)
    if (stage.exchange)
      stage.exchange->keep_pairs(out.reads_transfers() ? ExpertExchange::Pairs::kept
                                                       : ExpertExchange::Pairs::left_out);
  Breakdown sum;
  if (stages_.size() > 1) {
    sum = micro_batched(ranks, out);
  } else {
    sum = stage_time(0, ranks, out);
    sum += after_layers(ranks, out);
  }
  sum[Part::host] = host;
  return sum;
}

RoutingSpread StepTimer::spread() const {
  RoutingSpread spread = spread_of(*routed_);
  spread.waiting = imbalance_;
  spread.hidden = hidden_;
  spread.in_halves = in_halves_;
  return spread;
}

StepTimer::Stage StepTimer::plan_stage(std::int64_t index) const {
  const Architecture& architecture = *model_.architecture;
  const auto [first, last] = stage_layers(architecture, model_.deployment->pipeline_parallel_size, index);
  Stage stage;
  std::vector<double> current(kinds_->size(), 0.0);
  const auto close_segment = [&] {
    const auto same = std::find_if(stage.segments.begin(), stage.segments.end(),
                                   [&](const Segment& segment) { return segment.layers_of_kind == current; });
    const auto position = static_cast<std::size_t>(same - stage.segments.begin());
    if (same != stage.segments.end()) same->repeats += 1.0;
    else stage.segments.push_back({current, 1.0});
    std::fill(current.begin(), current.end(), 0.0);
    return position;
  };
  std::int64_t moe_layer = std::count_if(architecture.layers.begin(), architecture.layers.begin() + first,
                                         [](const Layer& layer) { return layer.moe.has_value(); });
  bool open = false;
  for (std::int64_t l = first; l < last; ++l) {
    const std::size_t kind = kinds_->kind_of(l);
    current[kind] += 1.0;
    open = true;
    if (!architecture.layers[static_cast<std::size_t>(l)].moe) continue;
    stage.moe_layers.push_back({l, moe_layer++, kind, std::nullopt});
    if (model_.deployment->data_parallel_size == 1) continue;
    stage.moe_layers.back().segment = close_segment();
    open = false;
  }
  if (open) stage.last_segment = close_segment();
  return stage;
}

Breakdown StepTimer::stage_time(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out) {
  if (takes_turns(stage, ranks)) return two_batches(stage, ranks, out);
  Breakdown sum = rank_work(stage, ranks);
  Seconds replicated;  // experts without exchanges
  if (!stages_[stage].moe_layers.empty()) route(stage, ranks);
  for (const MoeLayer& layer : stages_[stage].moe_layers) {
    const ExpertTimes experts = expert_work(layer);
    sum += experts.breakdown();
    if (!layer.segment) {
      replicated += experts.breakdown().total();
      continue;
    }
    const Exposed exposed = write_exchanged(stage, layer, ranks, experts, out);
    sum[Part::communication] += exposed.dispatch + exposed.combine;
  }
  if (const auto last = stages_[stage].last_segment) write_segment(stage, *last, ranks, replicated, out);
  return sum;
}

Breakdown StepTimer::rank_work(std::size_t stage, std::span<const RankBatch> ranks) {
  const std::size_t kinds = kinds_->size();
  tokens_ = tokens_of(ranks);
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    for (std::size_t kind = 0; kind < kinds; ++kind)
      rank_kinds_[rank * kinds + kind] = layer_on_rank(stage, kind, rank, ranks[rank]);

  Breakdown sum;
  segment_times_.clear();
  for (const Segment& segment : stages_[stage].segments) {
    const std::size_t slowest = slowest_rank(segment, ranks.size());
    segment_times_.push_back({slowest, segment_on_rank(segment, slowest), Seconds(0.0)});
    segment_times_.back().shared = segment_times_.back().breakdown.total() - longest_unshared(segment, ranks);
    add_scaled(sum, segment_times_.back().breakdown, segment.repeats);
  }
  return sum;
}

void StepTimer::write_segment(std::size_t stage, std::size_t index, std::span<const RankBatch> ranks,
                              Seconds more, PhaseWriter& out) {
  if (!out.heard()) return;
  const SegmentTime& slowest = segment_times_[index];
  const Segment& segment = stages_[stage].segments[index];
  const std::vector<Collective>& all_reduce = network_.stages[stage].tensor_all_reduce;
  double count = 0.0;
  for (std::size_t kind = 0; kind < kinds_->size(); ++kind)
    count += segment.layers_of_kind[kind] * all_reduces_per_layer(kind);
  if (all_reduce.empty() || count == 0.0 || ranks[slowest.rank].tokens() == 0)
    return out.compute(slowest.breakdown.total() + more);

  phase_loads_.clear();
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    const Bytes bytes = static_cast<double>(ranks[rank].tokens()) * hidden_bytes_;
    const CollectiveCost& cost = all_reduce[rank].at(bytes);
    phase_loads_.push_back({cost.loads_per_byte, bytes, cost.transfers_per_byte});
  }
  const Bytes message = phase_loads_[slowest.rank].bytes;
  const CollectiveCost& own = all_reduce[slowest.rank].at(message);
  const Seconds work = slowest.breakdown.total() + more - own.time(message) * count;
  out.collective({std::max(Seconds(0.0), work) * (1.0 / count), own.latency,
                  Seconds(own.seconds_per_byte * message.value()), Seconds(0.0), phase_loads_,
                  static_cast<std::int64_t>(count)});
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

Seconds StepTimer::longest_unshared(const Segment& segment, std::span<const RankBatch> ranks) const {
  Seconds longest;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    Seconds own = segment_on_rank(segment, rank).total();
    for (std::size_t kind = 0; kind < kinds_->size(); ++kind) {
      if (segment.layers_of_kind[kind] > 0.0) own -= (*kinds_)[kind].shared_expert_time(ranks[rank].tokens());
    }
    longest = std::max(longest, own);
  }
  return longest;
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
  const std::vector<Collective>& all_reduce = network_.stages[stage].tensor_all_reduce;
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

Seconds StepTimer::together(const std::vector<Collective>& groups, std::span<const Bytes> messages,
                            PhaseWriter& out) {
  const CollectiveCost* slowest = nullptr;
  Seconds longest;
  phase_loads_.clear();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (messages[i] == Bytes(0.0)) continue;
    const CollectiveCost& cost = groups[i].at(messages[i]);
    phase_loads_.push_back({cost.loads_per_byte, messages[i], cost.transfers_per_byte});
    if (cost.time(messages[i]) <= longest) continue;
    longest = cost.time(messages[i]);
    slowest = &cost;
  }
  if (slowest != nullptr)
    out.collective({Seconds(0.0), slowest->latency, longest - slowest->latency, Seconds(0.0), phase_loads_});
  return longest;
}

Breakdown StepTimer::after_layers(std::span<const RankBatch> ranks, PhaseWriter& out) {
  const EngineProfile& engine = *model_.engine;
  std::int64_t sampled = 0;
  std::vector<Bytes> logits;
  for (const RankBatch& batch : ranks) {
    sampled = std::max(sampled, batch.sampled);
    logits.push_back(static_cast<double>(batch.sampled * model_.architecture->vocab_size) *
                     bytes_per_element(Precision::bf16));
  }
  Breakdown sum;
  sum[Part::head] = model_.cost->gemm(head_, sampled);
  out.compute(sum[Part::head]);
  if (engine.gathers_logits)
    sum[Part::communication] = together(network_.stages.back().tensor_all_gather, logits, out);
  if (model_.scope == Scope::serving) {
    const Bytes hidden = static_cast<double>(tokens_of(ranks).most) * hidden_bytes_;
    std::optional<Seconds> sampling;
    if (engine.torch_kernels && sampled > 0)
      sampling = model_.cost->kernels().torch_sampling.at({sampled, model_.architecture->vocab_size, {}});
    sum[Part::elementwise] =
        sampling ? *sampling
                 : model_.cost->elementwise(engine.serving_step.kernels, engine.serving_step.passes * hidden);
    out.compute(sum[Part::elementwise]);
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

}  // namespace switchyard
