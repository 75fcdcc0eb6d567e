// The first rounds of a plan: layouts of as many GPUs race each other at coarse counts, small replicas first.
#pragma once

#include <map>
#include <vector>

#include "sim/study/plan/search.hpp"

namespace switchyard {

/// The same parallel sizes and exchange: what differs are limits of the engine.
bool same_cut(const Layout& a, const Layout& b);

/// `loser` is out: what `winner` of the same size carries is more.
void fall_behind(PlannedLayout& loser, const PlannedLayout& winner);

/// Fills best_of_size; returns, of each chain and size, those that coarse counts cannot tell from the best,
/// the best first. Of layouts that differ in max_num_seqs alone the first that the bound leaves stands for
/// all.
std::vector<std::map<std::int64_t, std::vector<PlannedLayout*>>> screen(const PlanStudy& study,
                                                                        std::vector<PlannedChain>& chains,
                                                                        Prober& prober);

}  // namespace switchyard
