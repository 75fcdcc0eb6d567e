// The frontier of a plan: tokens/s of a GPU against tokens/s of a user, from one request at a time to
// saturation.
#pragma once

#include <vector>

#include "sim/study/plan/winners.hpp"

namespace switchyard {

/// Simulates a ladder of loads on the layouts of each chain that may lie on it: the best of each size, and
/// the plainest of each size (tensor parallelism alone), which has the lowest latency. The document's
/// "frontier": of each model the points that no other of its points beats in both.
Json frontier_json(const std::vector<PlannedChain>& chains, Prober& prober);

/// The document's "curve" of each winner: loads up to and beyond what it carries, on the whole deployment.
std::vector<Json> winner_curves(const std::vector<Winner>& winners, Prober& prober);

}  // namespace switchyard
