// The ways to cut a model over the GPUs of one replica: each once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/study/plan/bases.hpp"

namespace switchyard {

/// By how much the bound rules a layout out: of latency in ms, or of the "demand" in requests per second.
struct Shortfall {
  std::string bound;  // "tpot_p99"
  double limit = 0.0, value = 0.0;
};

/// One way, and what became of it. Replicas of one layout are independent copies behind a dispatcher, so a
/// layout stands for all its numbers of replicas.
struct PlannedLayout {
  const PlanBase* base = nullptr;
  Layout layout;
  std::string verdict;  // empty while it is in the race; else why it is not: "does not fit", "bound", …
  std::string reason;
  /// What a replica works through within the SLO at most, by the bound: where its races start. 0: not asked.
  double most_requests_per_s = 0.0;
  std::optional<Shortfall> shortfall;
  /// What a replica carries within the SLO lies between the two, in requests per second, as far as is known:
  /// simulated.
  double carries = 0.0, carries_not = 0.0;
  int level = -1;  // of the simulations behind the two
  /// Simulated at the demand by the search for the least energy, which asks for no more of most layouts.
  bool at_demand = false;

  bool out() const { return !verdict.empty(); }
};

/// Of one of its ranks; none: it does not hold the model and one sequence.
std::optional<MemoryFit> find_memory(const PlannedLayout& planned);

/// Layouts that the lists of the study allow and whose sizes go together, by number of GPUs, then in the
/// lists' order. Of models that do not route dp is replicas by another name, and ep nothing. Those that
/// cannot fit, or are beyond the budget, have that verdict.
std::vector<PlannedLayout> layouts_of(const PlanBase& base, const LayoutLists& lists);

}  // namespace switchyard
