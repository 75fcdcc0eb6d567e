// What expert parallelism costs a step, as `switchyard step` tells it.
#pragma once

#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/simulate.hpp"

namespace switchyard {

/// Null where experts are on one rank. Times in ms: lost to imbalance and to communication, the busiest link,
/// the rows of every rank and how long each of its links is busy; "without_eplb" has the same of the same
/// draws with the experts where they would be without EPLB.
Json expert_parallel_json(const StepAnswer& answer, const System& system);
/// The same in short, for people; no lines where experts are on one rank.
std::vector<std::string> expert_parallel_lines(const StepAnswer& answer, const System& system);

}  // namespace switchyard
