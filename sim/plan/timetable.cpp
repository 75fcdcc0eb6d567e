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
  for (std::int64_t l = 0; l < layers; ++l) {
    const std::size_t kind = kinds_->kind_of(l);
    std::size_t slowest = 0;
    for (std::size_t rank = 1; rank < ranks.size(); ++rank) {
      if (rank_kinds_[rank * kinds_->size() + kind].total() >
          rank_kinds_[slowest * kinds_->size() + kind].total())
        slowest = rank;
    }
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
  const Breakdown after = after_layers(ranks, {});
  for (std::size_t part = 0; part < kPartNames.size(); ++part) {
    if (after.parts[part] > Seconds(0.0))
      entries.push_back({layers, kPartNames[part], static_cast<Part>(part), after.parts[part]});
  }
  return entries;
}

}  // namespace switchyard
