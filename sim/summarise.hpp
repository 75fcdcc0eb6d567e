// From a finished simulation to what reports are made of.
#pragma once

#include <string>
#include <vector>

#include "sim/report/summary.hpp"
#include "sim/simulate.hpp"

namespace switchyard {

/// Which rank is where: "ranks 0-7: replica 0, dp 0, pp 0, tp 0-7, ep 0 on node 0 gpu 0-7", a line a
/// group of neighbours.
std::string rank_lines(const Scenario& scenario);
RunDescription describe(const Scenario& scenario);
/// Whether gates choose experts for the tokens of a preset: not in the modes `trace` and `uniform`.
bool gates_choose(const RoutingOptions& routing);
/// Where the experts of tokens come from: "mode bank, preset mixtral-8x7b"; "mode uniform", which has no
/// gates.
std::string routing_in_words(const Scenario& scenario);
/// Sentences that a reader of any figure of this scenario must know.
std::vector<std::string> notes_of(const Scenario& scenario);
/// What a GPU's measured profile lacks; where its times come from is in trust_of.
std::vector<std::string> notes_of(const Gpu& gpu);
/// Of a bank that was recorded: experts that no layer ever chooses. Nothing else.
std::vector<std::string> notes_of(const Scenario& scenario, const RoutingBank& bank);
/// Whose measurements of collectives stand in for those that the GPU has not.
std::vector<std::string> notes_of_collectives(const System& system);
Summary summarise(const System& system, const Simulation& simulation, const Metrics& metrics);

}  // namespace switchyard
