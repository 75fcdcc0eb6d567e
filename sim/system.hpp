// The system: what a scenario describes, built and ready to run. Infeasible wishes surface here.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/placed_experts.hpp"
#include "sim/plan/layer_kinds.hpp"
#include "sim/plan/memory_fit.hpp"
#include "sim/plan/step_timer.hpp"
#include "sim/scenario.hpp"
#include "topologies/link_graph.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

/// The scenario's routing bank; null without MoE layers. It depends on the model, the routing block and the
/// seed alone. `threads` share the work, and have ended when it is done.
std::shared_ptr<const RoutingBank> build_bank(const Scenario& scenario, std::size_t threads = 1);

/// The times of operators on the scenario's GPU as its engine runs them: they depend on those two alone.
/// Sorting a GPU's measured tables takes as long as simulating some thousand steps.
std::shared_ptr<const OperatorCost> build_cost(const Scenario& scenario);

/// Parts of a system that were built before, for a scenario that is the same in what they depend on; null:
/// they are built with it.
struct SharedParts {
  std::shared_ptr<const RoutingBank> bank;
  std::shared_ptr<const OperatorCost> cost;
};

/// What serving needs beyond a step: a model that generates, a workload, and a trace that reads to its end.
/// Returns how many of its rows are left out. Throws InputError.
std::uint64_t check_workload(const Scenario& scenario);

class System {
 public:
  /// For Scope::serving the workload is checked as above. Throws Infeasible when the model does not fit,
  /// InputError on what the scenario could not know.
  System(Scenario scenario, Scope scope, SharedParts shared = {});
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  const Scenario& scenario() const { return scenario_; }
  const LinkGraph& graph() const { return graph_; }
  const MemoryFit& memory() const { return memory_; }
  const RoutingBank* bank() const { return bank_.get(); }  // null without MoE layers
  Seconds bank_time() const { return bank_time_; }         // wall-clock time of building it
  /// What EPLB did; none without it.
  const std::optional<Balancing>& balancing() const { return placed_.balancing; }
  /// Two replicas have collectives on the same link.
  bool replicas_share_links() const { return replicas_share_links_; }
  /// In effect: what `auto` chooses.
  const FidelityRow& fidelity() const;

  /// A timer of one replica's steps.
  std::unique_ptr<StepTimer> timer(std::int64_t replica) const;
  /// The same with the experts where they would be without EPLB; null where that is not possible, or without
  /// EPLB.
  std::unique_ptr<StepTimer> timer_without_eplb(std::int64_t replica) const;
  /// Load of each expert rank in the long run, relative to their mean; empty without MoE layers.
  std::vector<double> rank_loads() const;
  std::vector<double> rank_loads_without_eplb() const;  // empty where that is not possible

 private:
  NetworkSpec network_spec() const;
  std::unique_ptr<StepTimer> timer(std::int64_t replica, std::shared_ptr<const ExpertSlots> slots) const;
  bool find_shared_links() const;

  Scenario scenario_;
  Architecture timed_;  // the layers that run: of an encoder-decoder, what a prompt passes
  LinkGraph graph_;
  std::shared_ptr<const OperatorCost> cost_;
  MemoryFit memory_;
  ReplicaModel model_;
  std::shared_ptr<const LayerKinds> kinds_;
  std::shared_ptr<const RoutingBank> bank_;
  Seconds bank_time_;
  PlacedExperts placed_;  // no slots without a bank
  bool replicas_share_links_ = false;
};

}  // namespace switchyard
