// Energy and cost of what was simulated: its work, counted from the log, under the GPU's model of power, and
// its time at the GPU's price.
#pragma once

#include "sim/base/energy_use.hpp"
#include "sim/report/summary.hpp"
#include "sim/simulate.hpp"

namespace switchyard {

/// Of all GPUs of the deployment over `duration`, those that had nothing to do included. Steps with prompts
/// and steps of decodes alone are two phases: the mean power of neither is above the TDP. Host time is time
/// in which GPUs idle. With pipeline stages every GPU counts as active for a whole round, and weights are
/// read once a micro-batch. What preempted requests compute again counts but for its attention.
EnergyUse energy_of(const System& system, const ServingResult& result, Seconds duration);

/// Of one replica's GPUs in one step.
EnergyUse energy_of(const System& system, const StepQuery& query, const StepAnswer& answer);

/// The scenario's own price of a GPU, else the catalogue's.
Price price_of(const Scenario& scenario);

/// To a summary that has its metrics; a note where no price is known.
void add_energy_and_cost(const System& system, const ServingResult& result, Summary& summary);

}  // namespace switchyard
