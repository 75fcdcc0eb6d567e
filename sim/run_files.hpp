// What a run leaves behind: `run --out`, and each scenario of `compare --out`.
#pragma once

#include <string>

#include "sim/report/summary.hpp"
#include "sim/simulate.hpp"

namespace switchyard {

/// summary.json, scenario.json (resolved), requests.csv, steps.csv and report.html in a folder that exists.
/// Throws InputError when one cannot be written.
void write_run(const std::string& folder, const System& system, const Simulation& simulation,
               const Summary& summary);

}  // namespace switchyard
