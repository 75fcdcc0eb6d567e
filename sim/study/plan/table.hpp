// plan.csv: every candidate, a layout and its number of replicas, with what became of it.
#pragma once

#include <string>
#include <vector>

#include "sim/study/plan/winners.hpp"

namespace switchyard {

struct PlanCounts {
  std::size_t layouts = 0;                                         // with their engine limits
  std::size_t candidates = 0;                                      // layouts x replicas within the budget
  std::size_t does_not_fit = 0, bound = 0, simulated_layouts = 0;  // layouts
};
PlanCounts counts_of(const std::vector<PlannedChain>& chains);

std::string plan_csv(const PlanStudy& study, const std::vector<PlannedChain>& chains);

}  // namespace switchyard
