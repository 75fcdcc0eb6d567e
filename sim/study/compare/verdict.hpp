// What a comparison says, in sentences that name the facts behind them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/study/compare/survey.hpp"

namespace switchyard {

/// Who is cheapest, fastest and most productive, by how much and why; what must be there; who cannot run.
/// Figures that lie within the errors stated for both (Trust) are called a tie. Without an error known, only
/// equal figures are one, and the sentence says so.
std::vector<std::string> verdict_of(std::span<const Subject> subjects);

}  // namespace switchyard
