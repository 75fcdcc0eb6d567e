// Who wins a plan: the best deployment of each model, and which of them the simulator cannot tell apart.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/report/trust.hpp"
#include "sim/study/plan/search.hpp"
#include "sim/study/ties.hpp"

namespace switchyard {

/// " in fp8" after `before` = " in ", where a plan has several precisions to choose from; else empty.
std::string precision_words(const PlanStudy& study, const PlanBase& base, const char* before);

struct Winner {
  PlannedDeployment deployment;
  Trust trust;
  std::optional<double> error;  // of the objective, as a share: that of throughput; none: not known
};

/// The better for the objective; of equal ones the cheaper an hour, then what carries more.
bool ranks_before(const PlanStudy& study, const PlannedDeployment& a, const PlannedDeployment& b);

/// One a model that meets the SLO within the budget, the best first as they rank.
std::vector<Winner> winners_of(const PlanStudy& study, const std::vector<PlannedChain>& chains);

/// With its trust and error.
Winner winner_of(const PlannedDeployment& deployment);

/// The simulator cannot tell their objectives apart (ties.hpp).
bool is_tie(const Winner& a, const Winner& b);

/// Whose best deployments tie with the best of all, which is among them where another does.
std::set<const PlanBase*> ties_of(const std::vector<Winner>& winners,
                                  const std::vector<PlannedChain>& chains);

/// What comes nearest to the SLO and the demand where nothing meets them.
struct Nearest {
  const PlanBase* base = nullptr;
  Layout layout;
  std::int64_t replicas = 1;
  std::string bound;                // "tpot_p99", or "demand"
  double limit = 0.0, value = 0.0;  // ms, or requests/s
  std::string text;                 // a sentence without its full stop
};
std::optional<Nearest> nearest_of(const PlanStudy& study, const std::vector<PlannedChain>& chains);

/// "meets the SLO", or why nothing of a chain does, with the reason.
struct ChainVerdict {
  std::string verdict, reason;
};
ChainVerdict verdict_of(const PlanStudy& study, const PlannedChain& chain);

}  // namespace switchyard
