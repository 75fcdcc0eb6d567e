// A step written out, operator by operator: for people and for the test that it sums to StepTimer::time.
#include <algorithm>

#include "sim/base/ensure.hpp"
#include "sim/plan/step_timer.hpp"

namespace switchyard {

std::vector<TimetableEntry> StepTimer::timetable(std::span<const RankBatch> ranks) {
  ensure(stages_.size() == 1, "a timetable is written for one stage");
  time(ranks);
  std::vector<TimetableEntry> entries;
  const auto layers = static_cast<std::int64_t>(model_.architecture->layers.size());
  if (takes_turns(0, ranks)) write_halves(ranks, entries);
  else write_layers(ranks, entries);
  PhaseWriter unheard(nullptr);
  Breakdown after = after_layers(ranks, unheard);
  after[Part::host] = host_time(ranks);
  for (std::size_t part = 0; part < kPartNames.size(); ++part) {
    if (after.parts[part] > Seconds(0.0))
      entries.push_back({layers, std::nullopt, kPartNames[part], static_cast<Part>(part), after.parts[part]});
  }
  return entries;
}

void StepTimer::write_layers(std::span<const RankBatch> ranks, std::vector<TimetableEntry>& entries) {
  const auto layers = static_cast<std::int64_t>(model_.architecture->layers.size());
  const std::vector<std::size_t> slowest = slowest_by_layer(ranks.size());
  PhaseWriter unheard(nullptr);
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    write_layer(layer, slowest[static_cast<std::size_t>(layer)], ranks, entries);
    if (const MoeLayer* moe = moe_layer(layer)) {
      const ExpertTimes experts = expert_work(*moe);
      const Exposed exposed = moe->segment ? write_exchanged(0, *moe, ranks, experts, unheard) : Exposed{};
      write_experts(layer, experts, exposed, entries);
    }
    if (ranks.size() == 1) write_all_reduces(layer, all_reduces_of_ffn(layer), 0, ranks[0], entries);
  }
}

/// Layer by layer the first half's operators, the second's, and what their exchanges expose.
void StepTimer::write_halves(std::span<const RankBatch> ranks, std::vector<TimetableEntry>& entries) {
  const std::vector<MoeLayer>& moe_layers = stages_[0].moe_layers;
  const std::size_t layers = model_.architecture->layers.size();
  std::vector<std::vector<TimetableEntry>> of_layer(layers);
  std::array<Half, 2> halves = split(ranks);
  for (Half& half : halves) {
    time_half(0, half);
    const std::vector<std::size_t> slowest = slowest_by_layer(half.ranks.size());
    for (std::size_t layer = 0; layer < layers; ++layer)
      write_layer(static_cast<std::int64_t>(layer), slowest[layer], half.ranks, of_layer[layer]);
    for (std::size_t l = 0; l < moe_layers.size(); ++l)
      write_experts(moe_layers[l].layer, half.experts[l], {},
                    of_layer[static_cast<std::size_t>(moe_layers[l].layer)]);
  }
  PhaseWriter unheard(nullptr);
  take_turns(0, halves, unheard);
  for (std::size_t l = 0; l < moe_layers.size(); ++l)
    if (exposed_by_layer_[l] > Seconds(0.0))
      of_layer[static_cast<std::size_t>(moe_layers[l].layer)].push_back(
          {moe_layers[l].layer, std::nullopt, "exposed_exchange", Part::communication, exposed_by_layer_[l]});
  for (const std::vector<TimetableEntry>& list : of_layer)
    entries.insert(entries.end(), list.begin(), list.end());
}

void StepTimer::write_all_reduces(std::int64_t layer, double count, std::size_t rank, const RankBatch& batch,
                                  std::vector<TimetableEntry>& entries) const {
  const std::vector<Collective>& all_reduce = network_.stages[0].tensor_all_reduce;
  if (all_reduce.empty() || batch.tokens() == 0 || count == 0.0) return;
  const Seconds one = all_reduce[rank].time(static_cast<double>(batch.tokens()) * hidden_bytes_);
  entries.push_back({layer, rank, "all_reduce", Part::communication, one * count});
}

double StepTimer::all_reduces_of_ffn(std::int64_t layer) const {
  const std::size_t kind = kinds_->kind_of(layer);
  return all_reduces_per_layer(kind) - ((*kinds_)[kind].work().output_projection ? 1.0 : 0.0);
}

void StepTimer::write_experts(std::int64_t layer, const ExpertTimes& experts, const Exposed& exposed,
                              std::vector<TimetableEntry>& entries) const {
  const auto of_all = [&](std::string_view name, Part part, Seconds time) {
    if (time > Seconds(0.0)) entries.push_back({layer, std::nullopt, name, part, time});
  };
  of_all("routing", Part::gate, experts.routing);
  of_all("dispatch", Part::communication, exposed.dispatch);
  of_all("permutation", Part::elementwise, experts.permutation);
  of_all("grouped_gemm", Part::expert, experts.products);
  of_all("expert_activation", Part::elementwise, experts.activation);
  of_all("combine", Part::communication, exposed.combine);
}

void StepTimer::write_layer(std::int64_t layer, std::size_t slowest, std::span<const RankBatch> ranks,
                            std::vector<TimetableEntry>& entries) {
  const std::size_t kind = kinds_->kind_of(layer);
  const LayerTimes& times = (*kinds_)[kind];
  const RankBatch& batch = ranks[slowest];
  const auto write = [&](const std::vector<OperatorTime>& operators) {
    for (const OperatorTime& op : operators) entries.push_back({layer, slowest, op.name, op.part, op.time});
  };
  write(times.before_attention(batch.tokens()));
  write(times.attention_operators(batch));
  write(times.after_attention(batch.tokens()));
  write_all_reduces(layer, all_reduces_per_layer(kind) - all_reduces_of_ffn(layer), slowest, batch, entries);
  write(times.ffn(batch.tokens()));
  // Of the dense FFN or the shared expert: routed ones are combined.
  if (ranks.size() > 1) write_all_reduces(layer, all_reduces_of_ffn(layer), slowest, batch, entries);
}

const StepTimer::MoeLayer* StepTimer::moe_layer(std::int64_t layer) const {
  const std::vector<MoeLayer>& layers = stages_[0].moe_layers;
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](const MoeLayer& moe) { return moe.layer == layer; });
  return found == layers.end() ? nullptr : &*found;
}

std::vector<std::size_t> StepTimer::slowest_by_layer(std::size_t ranks) const {
  std::vector<std::size_t> slowest;
  Segment segment{std::vector<double>(kinds_->size(), 0.0), 1.0};
  std::size_t pending = 0;  // layers of the segment
  const std::vector<Layer>& layers = model_.architecture->layers;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    segment.layers_of_kind[kinds_->kind_of(static_cast<std::int64_t>(l))] += 1.0;
    ++pending;
    if (!layers[l].moe && l + 1 < layers.size()) continue;
    slowest.insert(slowest.end(), pending, slowest_rank(segment, ranks));
    std::fill(segment.layers_of_kind.begin(), segment.layers_of_kind.end(), 0.0);
    pending = 0;
  }
  return slowest;
}

}  // namespace switchyard
