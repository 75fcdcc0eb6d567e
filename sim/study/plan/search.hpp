// The search of a plan: from all layouts to the best deployment of every model on every GPU type.
//
// For each model, precision and GPU type:
// 1. Layouts that do not fit, exceed the budget, or by the proven bound miss the SLO at the lowest load (or
//    cannot carry the demand within the budget) are out without a simulation. Nor is any later run simulated
//    whose own bound proves that it misses the SLO, or that its replicas cannot keep up for long.
// 2. Screening: layouts of as many GPUs race each other with few requests. A larger replica must carry more
//    than as many GPUs in smaller ones do, for those would replace it in any deployment.
// 3. Refining: what may still be the best for the objective races again with more requests, under every
//    combination of engine limits.
// 4. Finals: the leaders once more at full count; the best is then simulated whole, at the demand or (to
//    maximise) at rising rates, and takes a replica more or less where that shows it must or may.
// 5. To minimise energy, what serves the demand with less of it is looked for in a search of its own.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/study/plan/heats.hpp"

namespace switchyard {

/// Some replicas of a layout and what they do.
struct PlannedDeployment {
  const PlanBase* base = nullptr;
  Layout layout;
  Load load;               // that it was simulated with: the demand, or the most that it carries
  Reading reading;         // of that
  double goodput = 0.0;    // requests per second within the SLO
  double objective = 0.0;  // in the objective's unit
  std::int64_t gpus() const { return load.replicas * layout.gpus(); }
};

/// One model in one precision on one GPU type.
struct PlannedChain {
  const PlanBase* base = nullptr;
  std::vector<PlannedLayout> layouts;
  /// Of each size of a replica, the layout that carries the most; sizes that smaller replicas outdo are left
  /// out.
  std::map<std::int64_t, PlannedLayout*> best_of_size;
  std::optional<PlannedDeployment> best;
  /// Simulated and nearest to the SLO, where none meets it.
  std::optional<Probe> nearest;
  Reading nearest_reading;
};

/// What so many requests per second need of a layout that carries `carried` a replica: replicas; none when
/// they exceed the budget.
std::optional<std::int64_t> replicas_for(const PlanBase& base, std::int64_t gpus, double carried,
                                         double demand);

/// The objective's figure before energy is known: of GPUs, $/h, or requests/s (then larger is better). None:
/// beyond the budget.
std::optional<double> objective_of(const PlanStudy& study, const PlanBase& base, std::int64_t gpus,
                                   double carried);
/// `a` is better than `b` for the study's objective.
bool is_better(const PlanStudy& study, double a, double b);

/// Demand of a study in requests per second; 0 to maximise.
double demand_of(const PlanStudy& study, const PlanBase& base);

/// `bases` must outlive the result.
std::vector<PlannedChain> search(const PlanStudy& study, const std::deque<PlanBase>& bases, Prober& prober);

}  // namespace switchyard
