// The steps of a plan, one after the other.
#include "sim/study/plan.hpp"

#include "sim/study/crossover.hpp"
#include "sim/study/plan_frontier.hpp"
#include "sim/study/sensitivity.hpp"

namespace switchyard {

PlanFindings make_plan(const PlanStudy& study, const std::deque<PlanBase>& bases, Prober& prober) {
  PlanFindings findings;
  findings.study = &study;
  findings.chains = search(study, bases, prober);
  findings.winners = winners_of(study, findings.chains);
  findings.curves = winner_curves(findings.winners, prober);
  findings.frontier = frontier_json(findings.chains, prober);
  findings.crossover = crossover_json(study, findings.chains);
  findings.sensitivity = sensitivity_json(study, findings.chains, prober);
  findings.simulations = prober.count();
  findings.failures = prober.failures();
  return findings;
}

}  // namespace switchyard
