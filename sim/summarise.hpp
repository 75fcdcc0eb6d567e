// From a finished simulation to what reports are made of.
#pragma once

#include "sim/report/summary.hpp"
#include "sim/simulate.hpp"

namespace switchyard {

RunDescription describe(const Scenario& scenario);
Summary summarise(const System& system, const Simulation& simulation, const Metrics& metrics);

}  // namespace switchyard
