// The end of a plan's search: the best layouts of each chain simulated as whole deployments.
#pragma once

#include <vector>

#include "sim/study/plan/search.hpp"

namespace switchyard {

/// Fills `best` of every chain that has a layout within the SLO and the budget. To minimise, the demand is
/// put on the replicas that the layout's own load calls for, and on more or fewer until it is clear how many
/// it takes: a dispatcher over many replicas evens out arrivals. Of the numbers that were tried the best for
/// the objective stays: fewer may spend more energy. To maximise, all replicas that the budget
/// has room for race on the rate.
void confirm(const PlanStudy& study, std::vector<PlannedChain>& chains, Prober& prober);

/// The run that decides whether so many replicas carry the demand.
Probe demand_on(const PlanStudy& study, const PlannedLayout& planned, std::int64_t replicas);

/// The same for given layouts; in their order, none where the budget is too small.
struct Finalist {
  const PlannedLayout* planned = nullptr;
  std::int64_t replicas = 1;  // to start with
};
std::vector<std::optional<PlannedDeployment>> confirm(const PlanStudy& study,
                                                      const std::vector<Finalist>& finalists, Prober& prober);

}  // namespace switchyard
