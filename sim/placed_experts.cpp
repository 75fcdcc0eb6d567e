// Placing by the deployment's rule, and judging it by the bank.
#include "sim/placed_experts.hpp"

#include <utility>

#include "sim/base/menu.hpp"

namespace switchyard {
namespace {

RoutingMode mode_of(const Scenario& scenario) {
  return scenario.routing.mode == "balanced" ? RoutingMode::balanced : RoutingMode::bank;
}

/// Of the layers that run.
CapacityFactors capacity_factors(const Architecture& model) {
  CapacityFactors factors;
  for (const Layer& layer : model.layers)
    if (layer.moe) factors.push_back(layer.moe->capacity_factor);
  return factors;
}

/// Where the experts would be without EPLB.
const ExpertPlacement& placement_before(const Deployment& d) {
  const ExpertPlacement& named =
      choose(expert_placements(), d.expert_placement, "/deployment/expert_placement");
  return named.balances ? expert_placements().front() : named;
}

Balancing balancing_of(const RoutingBank& bank, const ExpertCounts& loads, const ExpertSlots& slots,
                       const Deployment& d, const SlotBudget& budget) {
  const GateShape& gate = bank.gate(0);
  Balancing result;
  result.nodes = budget.nodes;
  if (d.placement().name != "eplb_global")
    result.policy = eplb_policy(
        gate.num_experts, {gate.num_experts + budget.redundant, budget.ranks, gate.n_group, budget.nodes});
  result.imbalance_after = rank_imbalance(slots, loads);
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer)
    if (bank.gate(layer).num_experts % budget.ranks != 0) return result;
  result.before =
      std::make_shared<ExpertSlots>(place_experts(bank, loads, placement_before(d), {budget.ranks, 1, 0}));
  result.imbalance_before = rank_imbalance(*result.before, loads);
  return result;
}

}  // namespace

PlacedExperts place_experts(const Scenario& scenario, const RoutingBank& bank) {
  const Deployment& d = scenario.deployment;
  const SlotBudget budget{d.expert_ranks(), expert_nodes(d, scenario.cluster), d.num_redundant_experts};
  const ExpertPlacement& placement = d.placement();
  ExpertCounts loads;
  if (placement.balances) loads = expected_loads(bank, mode_of(scenario));
  PlacedExperts placed;
  placed.slots = std::make_shared<ExpertSlots>(place_experts(bank, loads, placement, budget));
  if (placement.balances) placed.balancing = balancing_of(bank, loads, *placed.slots, d, budget);
  return placed;
}

std::vector<double> rank_loads(const Scenario& scenario, const RoutingBank& bank, const ExpertSlots& slots) {
  return rank_loads(slots, expected_loads(bank, mode_of(scenario)));
}

std::unique_ptr<RoutedLoad> build_routed_load(const Scenario& scenario, const RoutingBank& bank,
                                              std::shared_ptr<const ExpertSlots> slots) {
  return std::make_unique<RoutedLoad>(bank, mode_of(scenario), std::move(slots),
                                      scenario.engine.profile.expert_tiling,
                                      capacity_factors(prompt_part(scenario.model)));
}

std::unique_ptr<RoutedLoad> build_load_without_capacity(const Scenario& scenario, const RoutingBank& bank) {
  return std::make_unique<RoutedLoad>(bank, mode_of(scenario), place_experts(scenario, bank).slots,
                                      scenario.engine.profile.expert_tiling);
}

}  // namespace switchyard
