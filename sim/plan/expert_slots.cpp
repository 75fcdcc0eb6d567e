// Filling slots by a placement.
#include "sim/plan/expert_slots.hpp"

#include <algorithm>

#include "sim/base/ensure.hpp"

namespace switchyard {

void ExpertSlots::add_layer(std::span<const std::uint16_t> expert_of_slot) {
  const auto last = std::max_element(expert_of_slot.begin(), expert_of_slot.end());
  ensure(last != expert_of_slot.end() && expert_of_slot.size() % static_cast<std::size_t>(ranks_) == 0,
         "ranks share a layer's slots equally");
  std::vector<std::uint16_t> replicas(std::size_t{*last} + 1, 0);
  std::vector<ExpertSlot> slots;
  for (const std::uint16_t expert : expert_of_slot) slots.push_back({expert, replicas[expert]++, 1});
  for (ExpertSlot& slot : slots) slot.replicas = replicas[slot.expert];
  ensure(std::find(replicas.begin(), replicas.end(), 0) == replicas.end(), "every expert has a slot");
  has_replicas_ = has_replicas_ || slots.size() > replicas.size();
  const std::size_t on_rank = slots.size() / static_cast<std::size_t>(ranks_);
  bool in_order = true;
  for (std::size_t i = 0; i < slots.size(); ++i) in_order = in_order && slots[i].expert == i;
  Layer layer{std::move(slots), on_rank, in_order, {}, {0}};
  for (const std::uint16_t count : replicas) layer.first_holder.push_back(layer.first_holder.back() + count);
  layer.holders.resize(layer.slots.size());
  for (std::size_t i = 0; i < layer.slots.size(); ++i) {
    const ExpertSlot& slot = layer.slots[i];
    layer.holders[layer.first_holder[slot.expert] + slot.replica] = static_cast<std::uint16_t>(i / on_rank);
  }
  layers_.push_back(std::move(layer));
}

ExpertSlots place_experts(const RoutingBank& bank, const ExpertCounts& loads,
                          const ExpertPlacement& placement, const SlotBudget& budget) {
  ExpertSlots slots(budget.ranks);
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer) {
    const GateShape& gate = bank.gate(layer);
    std::vector<float> weights;
    if (placement.balances) {
      const auto own = loads.layer(layer).first(static_cast<std::size_t>(gate.num_experts));
      weights.assign(own.begin(), own.end());
    }
    slots.add_layer(
        placement.place({gate.num_experts,
                         {gate.num_experts + budget.redundant, budget.ranks, gate.n_group, budget.nodes},
                         weights}));
  }
  return slots;
}

ExpertCounts long_run_loads(const RoutingBank& bank) {
  ExpertCounts loads = bank.empty_counts();
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream)
    bank.add({stream, 0, static_cast<std::int64_t>(bank.stream_length(stream))}, loads);
  return loads;
}

namespace {

/// Of each rank in one layer, relative to their mean; 1 where nothing is asked.
std::vector<double> layer_loads(const ExpertSlots& slots, const ExpertCounts& loads, std::int64_t layer) {
  std::vector<double> result;
  double all = 0.0;
  for (std::int64_t rank = 0; rank < slots.ranks(); ++rank) {
    double own = 0.0;
    for (const ExpertSlot& slot : slots.on(layer, rank))
      own += static_cast<double>(loads.layer(layer)[slot.expert]) / slot.replicas;
    result.push_back(own);
    all += own;
  }
  for (double& own : result) own = all > 0.0 ? own * static_cast<double>(slots.ranks()) / all : 1.0;
  return result;
}

}  // namespace

double rank_imbalance(const ExpertSlots& slots, const ExpertCounts& loads) {
  double sum = 0.0;
  for (std::int64_t layer = 0; layer < slots.layers(); ++layer) {
    const std::vector<double> of_ranks = layer_loads(slots, loads, layer);
    sum += *std::max_element(of_ranks.begin(), of_ranks.end());
  }
  return slots.layers() == 0 ? 1.0 : sum / static_cast<double>(slots.layers());
}

std::vector<double> rank_loads(const ExpertSlots& slots, const ExpertCounts& loads) {
  std::vector<double> mean(static_cast<std::size_t>(slots.ranks()));
  for (std::int64_t layer = 0; layer < slots.layers(); ++layer) {
    const std::vector<double> of_ranks = layer_loads(slots, loads, layer);
    for (std::size_t rank = 0; rank < mean.size(); ++rank)
      mean[rank] += of_ranks[rank] / static_cast<double>(slots.layers());
  }
  return mean;
}

}  // namespace switchyard
