// Which expert each slot of each expert-parallel rank holds, layer by layer: the placement in effect,
// replicas included. Depends on the model, the deployment and, where the placement balances, on the routing
// bank.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/expert_placement.hpp"
#include "sim/plan/batch.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

/// Room for one expert's weights: a physical expert, in vLLM's words.
struct ExpertSlot {
  std::uint16_t expert = 0;
  std::uint16_t replica = 0;   // which of
  std::uint16_t replicas = 1;  // the expert's slots this is
};

class ExpertSlots {
 public:
  explicit ExpertSlots(std::int64_t ranks) : ranks_(ranks) {}

  /// The next MoE layer: the expert in each slot, [slots], rank by rank; ranks divides them, and every expert
  /// has a slot.
  void add_layer(std::span<const std::uint16_t> expert_of_slot);

  std::int64_t ranks() const { return ranks_; }
  std::int64_t layers() const { return static_cast<std::int64_t>(layers_.size()); }
  /// Some expert of some layer has more than one slot.
  bool has_replicas() const { return has_replicas_; }
  /// Slot i of the layer holds expert i, and there are no others.
  bool in_order(std::int64_t moe_layer) const {
    return layers_[static_cast<std::size_t>(moe_layer)].in_order;
  }
  std::span<const ExpertSlot> on(std::int64_t moe_layer, std::int64_t rank) const {
    const Layer& layer = layers_[static_cast<std::size_t>(moe_layer)];
    return {layer.slots.data() + static_cast<std::size_t>(rank) * layer.on_rank, layer.on_rank};
  }
  /// The ranks that hold an expert, by replica.
  std::span<const std::uint16_t> holders(std::int64_t moe_layer, std::uint16_t expert) const {
    const Layer& layer = layers_[static_cast<std::size_t>(moe_layer)];
    return {layer.holders.data() + layer.first_holder[expert],
            layer.first_holder[std::size_t{expert} + 1] - layer.first_holder[expert]};
  }

 private:
  struct Layer {
    std::vector<ExpertSlot> slots;
    std::size_t on_rank = 0;  // slots of each
    bool in_order = true;
    std::vector<std::uint16_t> holders;       // ranks, expert by expert, in the order of their replicas
    std::vector<std::uint32_t> first_holder;  // [experts + 1]
  };
  std::int64_t ranks_;
  std::vector<Layer> layers_;
  bool has_replicas_ = false;
};

/// How many slots and where they may be.
struct SlotBudget {
  std::int64_t ranks = 1;
  std::int64_t nodes = 1;      // equal blocks of ranks
  std::int64_t redundant = 0;  // slots of a layer beyond one an expert
};

/// `loads`, assignments [moe_layers, experts], may be empty for a placement that does not look at them.
ExpertSlots place_experts(const RoutingBank& bank, const ExpertCounts& loads,
                          const ExpertPlacement& placement, const SlotBudget& budget);

/// The assignments of every token of the bank once: what an expert is asked in the long run.
ExpertCounts long_run_loads(const RoutingBank& bank);

/// Max over mean load of the ranks, an expert's load spread over its slots equally; the mean over MoE layers.
double rank_imbalance(const ExpertSlots& slots, const ExpertCounts& loads);

/// Load of each rank relative to the mean of all: means over MoE layers.
std::vector<double> rank_loads(const ExpertSlots& slots, const ExpertCounts& loads);

}  // namespace switchyard
