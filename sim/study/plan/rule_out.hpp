// What the proven bound rules out before anything is simulated.
#pragma once

#include "sim/study/plan/layouts.hpp"
#include "sim/study/plan/probes.hpp"

namespace switchyard {

/// Asks for the proven bound, once a layout. Out is what must miss the SLO in the run that would decide, or
/// outgrows it: to minimise, of all replicas that the budget has room for, at the demand; to maximise, of one
/// at the lowest load that a race looks at, with the final effort's fewest requests. (Other requests have
/// other latencies at the least: a final at more load, of more requests, might meet where that run must miss;
/// but then the layout would carry that load and not a lower one.)
void apply_bound(const PlanStudy& study, PlannedLayout& planned, Prober& prober);

/// What that found of the layouts that it was asked of, for another process to know.
Json bounds_json(const std::vector<PlannedLayout>& layouts);
/// Of the same layouts.
void take_bounds(const Json& bounds, std::vector<PlannedLayout>& layouts);

}  // namespace switchyard
