// What if: the best deployments of each model under other routing, links, lengths and prices.
#pragma once

#include "sim/study/plan/changes.hpp"
#include "sim/study/plan/probes.hpp"

namespace switchyard {

/// The document's "sensitivity". Of each model the best deployment and the best on another GPU type or in
/// another precision are simulated anew, one replica each; the layouts stay. What a change does to the load
/// that a replica carries is taken over to the objective; to minimise energy the replicas that the demand
/// then takes are simulated whole, and have no objective where they miss the SLO. Requests that get longer
/// than max_model_len raise it, up to the model's context. Empty where nothing meets the SLO.
Json sensitivity_json(const PlanStudy& study, const std::vector<PlannedChain>& chains, Prober& prober);

}  // namespace switchyard
