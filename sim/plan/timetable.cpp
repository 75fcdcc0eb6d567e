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
  const std::vector<std::size_t> slowest = slowest_by_layer(ranks.size());
  for (std::int64_t layer = 0; layer < layers; ++layer)
    write_layer(layer, slowest[static_cast<std::size_t>(layer)], ranks, entries);
  PhaseWriter unheard(nullptr);
  Breakdown after = after_layers(ranks, unheard);
  after[Part::host] = host_time(ranks);
  for (std::size_t part = 0; part < kPartNames.size(); ++part) {
    if (after.parts[part] > Seconds(0.0))
      entries.push_back({layers, std::nullopt, kPartNames[part], static_cast<Part>(part), after.parts[part]});
  }
  return entries;
}

void StepTimer::write_layer(std::int64_t layer, std::size_t slowest, std::span<const RankBatch> ranks,
                            std::vector<TimetableEntry>& entries) {
  const std::size_t kind = kinds_->kind_of(layer);
  const LayerTimes& times = (*kinds_)[kind];
  const RankBatch& batch = ranks[slowest];
  const auto write = [&](const std::vector<OperatorTime>& operators) {
    for (const OperatorTime& op : operators) entries.push_back({layer, slowest, op.name, op.part, op.time});
  };
  const auto all_reduce = [&](double times_in_a_row) {
    const std::vector<Collective>& costs = network_.stages[0].tensor_all_reduce;
    if (costs.empty() || batch.tokens() == 0 || times_in_a_row == 0.0) return;
    const Seconds one = costs[slowest].time(static_cast<double>(batch.tokens()) * hidden_bytes_);
    entries.push_back({layer, slowest, "all_reduce", Part::communication, one * times_in_a_row});
  };
  write(times.before_attention(batch.tokens()));
  write(times.attention_operators(batch));
  write(times.after_attention(batch.tokens()));
  const double of_mixer = times.work().output_projection ? 1.0 : 0.0;
  all_reduce(of_mixer);
  write(times.ffn(batch.tokens()));
  const double left = all_reduces_per_layer(kind) - of_mixer;
  if (ranks.size() > 1) all_reduce(left);  // of the dense FFN or the shared expert: routed ones are combined
  if (const MoeLayer* moe = moe_layer(layer)) {
    PhaseWriter unheard(nullptr);
    const ExpertTimes experts = expert_work(0, *moe, ranks, unheard);
    const auto of_all = [&](std::string_view name, Part part, Seconds time) {
      if (time > Seconds(0.0)) entries.push_back({layer, std::nullopt, name, part, time});
    };
    of_all("routing", Part::gate, experts.routing);
    of_all("dispatch", Part::communication, experts.dispatch);
    of_all("permutation", Part::elementwise, experts.permutation);
    of_all("grouped_gemm", Part::expert, experts.products);
    of_all("expert_activation", Part::elementwise, experts.activation);
    of_all("combine", Part::communication, experts.combine);
  }
  if (ranks.size() == 1) all_reduce(left);
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
