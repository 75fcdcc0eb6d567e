// A step written out, operator by operator: for people and for the test that it sums to StepTimer::time.
#include <algorithm>

#include "sim/base/ensure.hpp"
#include "sim/plan/step_timer.hpp"

namespace switchyard {

std::vector<TimetableEntry> StepTimer::timetable(std::span<const RankBatch> ranks) {
  ensure(stages_.size() == 1, "a timetable is written for one stage");
  time(ranks);
  std::vector<TimetableEntry> entries;
  const auto& moe_layers = stages_[0].moe_layers;
  const auto layers = static_cast<std::int64_t>(model_.architecture->layers.size());
  const std::vector<std::size_t> waited_for = slowest_by_layer(ranks.size());
  for (std::int64_t l = 0; l < layers; ++l) {
    const std::size_t kind = kinds_->kind_of(l);
    const std::size_t slowest = waited_for[static_cast<std::size_t>(l)];
    const RankBatch& batch = ranks[slowest];
    for (const OperatorTime& op : (*kinds_)[kind].token_operators(batch.tokens()))
      entries.push_back({l, op.name, op.part, op.time});
    for (const OperatorTime& op : (*kinds_)[kind].attention_operators(batch))
      entries.push_back({l, op.name, op.part, op.time});
    const auto& all_reduce = network_.stages[0].tensor_all_reduce;
    if (!all_reduce.empty()) {
      const Seconds one = all_reduce[slowest].time(static_cast<double>(batch.tokens()) * hidden_bytes_);
      entries.push_back({l, "all_reduce", Part::communication, one * all_reduces_per_layer(kind)});
    }
    const auto moe =
        std::find_if(moe_layers.begin(), moe_layers.end(), [&](const MoeLayer& m) { return m.layer == l; });
    if (moe == moe_layers.end()) continue;
    const Breakdown experts = expert_work(0, *moe, ranks, {});
    entries.push_back({l, "routing", Part::gate, experts[Part::gate]});
    entries.push_back({l, "dispatch_and_combine", Part::communication, experts[Part::communication]});
    entries.push_back({l, "grouped_gemm", Part::expert, experts[Part::expert]});
    entries.push_back({l, "permutation_and_activation", Part::elementwise, experts[Part::elementwise]});
  }
  Breakdown after = after_layers(ranks, {});
  after[Part::host] = host_time(ranks);
  for (std::size_t part = 0; part < kPartNames.size(); ++part) {
    if (after.parts[part] > Seconds(0.0))
      entries.push_back({layers, kPartNames[part], static_cast<Part>(part), after.parts[part]});
  }
  return entries;
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
