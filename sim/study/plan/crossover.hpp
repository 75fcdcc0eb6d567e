// Which model is the cheapest at which demand, and where the better choice changes from Dense to MoE.
#pragma once

#include <vector>

#include "sim/study/plan/search.hpp"

namespace switchyard {

/// What one model needs of one size of replica: `value` (GPUs or $/h) for every `carries` requests per
/// second begun, up to `most` replicas.
struct Supply {
  std::size_t model = 0;
  const PlanBase* base = nullptr;
  double carries = 0.0, value = 0.0;
  std::int64_t most = 0;
};

/// Demand from the end of the segment before (0 at first) up to `to`.
struct CrossoverSegment {
  double from = 0.0, to = 0.0;
  std::size_t model = 0;
  const PlanBase* base = nullptr;
  double value = 0.0;  // at `to`
};

/// The cheapest by demand, up to what any supply carries. Of equally cheap ones that of the segment before
/// stays, else the one goes first that would still serve most. Neighbours of the same model are one segment.
std::vector<CrossoverSegment> cheapest_by_demand(const std::vector<Supply>& supplies);

/// The document's "crossover", from what each chain's sizes carry: $/h where all prices are known and the
/// objective is not GPUs, else GPUs.
Json crossover_json(const PlanStudy& study, const std::vector<PlannedChain>& chains);

}  // namespace switchyard
