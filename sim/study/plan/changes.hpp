// What a plan's study may be asked again with: other routing, links, lengths or prices.
#pragma once

#include <string>
#include <vector>

#include "sim/study/plan/search.hpp"

namespace switchyard {

/// One thing that is otherwise than the study says.
struct PlanChange {
  std::string text;    // "half the network bandwidth"
  std::string factor;  // "network", "routing", "prompts", "outputs", "price"
  double network = 1.0;
  Json workload = Json(), routing = Json();  // null: as in the study
  std::string dearer = {};                   // a GPU whose price is multiplied
  double price = 1.0;
};

/// Those that apply: routing where a model routes, prices where they are known and move the objective or the
/// budget (what they do to the cost of a token is in prices.hpp). Lengths of any source are scaled.
std::vector<PlanChange> changes_of(const PlanStudy& study, const std::vector<PlannedChain>& chains);

}  // namespace switchyard
