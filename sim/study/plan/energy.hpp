// The least energy a token: a search of its own, for what carries the most need not be what takes the least.
#pragma once

#include <vector>

#include "sim/study/plan/screening.hpp"

namespace switchyard {

/// Replaces `best` of every chain that has one by a deployment of less energy an output token, where there is
/// one. Below its limit a replica of another cut, or with longer steps, may spend less on the same demand
/// than the one that would carry the most: in chat on at most 16 GPUs by up to 21 %. Every cut that fits is
/// simulated at the demand with few requests, on at most half as many GPUs again as the best has; then the
/// best cuts under every combination of engine limits; then the leaders at full count, as confirm() does.
void save_energy(const PlanStudy& study, std::vector<PlannedChain>& chains, Prober& prober);

}  // namespace switchyard
