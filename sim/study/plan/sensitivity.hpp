// What if: the best deployments of each model under other routing, links, lengths and prices.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sim/study/plan/winners.hpp"

namespace switchyard {

/// One thing that is otherwise than the study says.
struct PlanChange {
  std::string text;    // "network bandwidth x0.5"
  std::string factor;  // "network", "routing", "prompts", "outputs", "price"
  double network = 1.0;
  Json workload = Json(), routing = Json();  // null: as in the study
  std::string dearer = {};                   // a GPU whose price is multiplied
  double price = 1.0;
};

/// Those that apply: lengths are scaled where they are drawn from a distribution, routing where a model
/// routes, prices where they are known and count.
std::vector<PlanChange> changes_of(const PlanStudy& study, const std::vector<PlannedChain>& chains);

/// The document's "sensitivity". Of each model the best deployment and the best on another GPU type or in
/// another precision are simulated anew, one replica each; the layouts stay. What a change does to the load
/// that a replica carries is taken over to the objective.
Json sensitivity_json(const PlanStudy& study, const std::vector<PlannedChain>& chains, Prober& prober);

}  // namespace switchyard
