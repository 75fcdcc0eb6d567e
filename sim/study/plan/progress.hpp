// How far a plan is, for whoever waits for it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace switchyard {

struct PlanProgress {
  std::string phase;            // "screening"
  std::size_t simulations = 0;  // so far, of all phases
  std::size_t wanted = 0, running = 0;
};
using ShowPlanProgress = std::function<void(const PlanProgress&)>;

/// "1230 simulations, 96 more wanted, 2 running".
std::string words_of(const PlanProgress& progress);

}  // namespace switchyard
