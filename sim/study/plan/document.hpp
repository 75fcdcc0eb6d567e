// plan.json: what a plan found, as one document; report.html is drawn from it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sim/study/plan/table.hpp"
#include "sim/study/plan/winners.hpp"

namespace switchyard {

/// All that a plan found. The parts after the winners are JSON as the document has them.
struct PlanFindings {
  const PlanStudy* study = nullptr;
  std::vector<PlannedChain> chains;
  std::vector<Winner> winners;
  std::set<const PlanBase*> ties;  // whose deployments tie with the best, the best among them
  std::vector<Json> curves;        // one a winner
  Json frontier = Json::array();
  Json crossover;
  Json sensitivity = Json::array();
  Json prices;
  std::size_t simulations = 0, simulations_spared = 0, failures = 0;  // as Prober counts them
};

/// "2 replicas of tp 4, ep".
std::string words_of(const PlannedDeployment& deployment);

/// The verdict in plain sentences.
std::vector<std::string> verdict_lines(const PlanFindings& findings);

Json plan_document(const PlanFindings& findings);

}  // namespace switchyard
