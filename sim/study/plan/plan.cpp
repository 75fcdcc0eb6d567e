// The steps of a plan, one after the other.
#include "sim/study/plan/plan.hpp"

#include "sim/study/plan/crossover.hpp"
#include "sim/study/plan/frontier.hpp"
#include "sim/study/plan/prices.hpp"
#include "sim/study/plan/sensitivity.hpp"

namespace switchyard {
namespace {

/// What came nearest where nothing meets the SLO, simulated to its end: the search stops such runs early.
void finish_nearest(std::vector<PlannedChain>& chains, Prober& prober) {
  std::vector<Probe> probes;
  std::vector<PlannedChain*> owners;
  for (PlannedChain& chain : chains) {
    if (!chain.best_of_size.empty() || !chain.nearest) continue;
    chain.nearest->until = Until::end;
    probes.push_back(*chain.nearest);
    owners.push_back(&chain);
  }
  const std::vector<Reading> readings = prober.read(probes);
  for (std::size_t i = 0; i < readings.size(); ++i) owners[i]->nearest_reading = readings[i];
}

}  // namespace

PlanFindings make_plan(const PlanStudy& study, const std::deque<PlanBase>& bases, Prober& prober) {
  PlanFindings findings;
  findings.study = &study;
  findings.chains = search(study, bases, prober);
  finish_nearest(findings.chains, prober);
  findings.winners = winners_of(study, findings.chains);
  findings.ties = ties_of(findings.winners, findings.chains);
  prober.begin("curves");
  findings.curves = winner_curves(findings.winners, prober);
  prober.begin("frontier");
  findings.frontier = frontier_json(findings.chains, prober);
  findings.crossover = crossover_json(study, findings.chains);
  prober.begin("sensitivity");
  findings.sensitivity = sensitivity_json(study, findings.chains, prober);
  findings.prices = prices_json(study, findings.chains);
  findings.simulations = prober.count();
  findings.simulations_spared = prober.proofs();
  findings.failures = prober.failures();
  return findings;
}

}  // namespace switchyard
