// The first rounds of a plan: layouts of as many GPUs race each other at coarse counts, small replicas first.
#pragma once

#include <map>
#include <vector>

#include "sim/study/plan_search.hpp"

namespace switchyard {

/// The same parallel sizes and exchange: what differs are limits of the engine.
bool same_cut(const Layout& a, const Layout& b);

/// `loser` is out: what `winner` of the same size carries is more.
void fall_behind(PlannedLayout& loser, const PlannedLayout& winner);

/// By the proven bound: out are layouts that no load lets meet the SLO, and those that cannot carry the
/// demand within the budget.
void apply_bounds(const PlanStudy& study, PlannedChain& chain);

/// Fills best_of_size; returns, of each chain and size, those that coarse counts cannot tell from the best,
/// the best first.
std::vector<std::map<std::int64_t, std::vector<PlannedLayout*>>> screen(std::vector<PlannedChain>& chains,
                                                                        Prober& prober);

}  // namespace switchyard
