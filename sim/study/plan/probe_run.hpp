// One simulation of a plan: only as far as it decides, and only the figures that a plan uses.
#pragma once

#include "sim/study/point.hpp"

namespace switchyard {

enum class Until {
  sure,  // to the end, or until the SLO is sure to be missed: its latencies are then of those that finished
  end,
};

/// As run_point(), with a summary of few figures; "stopped" is true where the run was cut short.
PointOutcome run_probe(const Scenario& scenario, SharedParts shared, Until until);

}  // namespace switchyard
