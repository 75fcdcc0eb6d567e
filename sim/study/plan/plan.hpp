// A whole plan: the search, and what follows from it.
#pragma once

#include <deque>

#include "sim/study/plan/document.hpp"

namespace switchyard {

/// `study` and `bases` must outlive the findings. Throws PlanInterrupted.
PlanFindings make_plan(const PlanStudy& study, const std::deque<PlanBase>& bases, Prober& prober);

}  // namespace switchyard
