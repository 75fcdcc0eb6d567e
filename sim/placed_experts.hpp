// The experts of a scenario on their ranks: the slots, and what placing them by load did.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "kernels/eplb.hpp"
#include "sim/plan/routed_load.hpp"
#include "sim/scenario.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

/// Max over mean load of the expert-parallel ranks in the long run, before EPLB (the named placement, without
/// replicas; none where the ranks cannot share the experts equally) and with it.
struct Balancing {
  EplbPolicy policy = EplbPolicy::global;  // of the first MoE layer
  std::int64_t nodes = 1;
  std::optional<double> imbalance_before;
  double imbalance_after = 1.0;
  std::shared_ptr<const ExpertSlots> before;  // null where imbalance_before is none
};

struct PlacedExperts {
  std::shared_ptr<const ExpertSlots> slots;
  std::optional<Balancing> balancing;  // none without EPLB
};

/// Load of each expert rank in the long run, relative to their mean: means over MoE layers.
std::vector<double> rank_loads(const Scenario& scenario, const RoutingBank& bank, const ExpertSlots& slots);

/// Under the scenario's deployment and routing mode. EPLB sees the loads of the whole bank, so what a run
/// asks of the experts in the long run.
PlacedExperts place_experts(const Scenario& scenario, const RoutingBank& bank);

/// The expert ranks of one replica. The bank must outlive it.
std::unique_ptr<RoutedLoad> build_routed_load(const Scenario& scenario, const RoutingBank& bank,
                                              std::shared_ptr<const ExpertSlots> slots);
/// Of what tokens ask for, whatever a step's capacity leaves of it; places the experts first.
std::unique_ptr<RoutedLoad> build_load_without_capacity(const Scenario& scenario, const RoutingBank& bank);

}  // namespace switchyard
