// What a change does to deployments, and which model is the best then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/study/plan/changes.hpp"

namespace switchyard {

/// Within what a search for the load that a changed replica carries ends, as a share.
inline constexpr double kChangedTolerance = 0.04;

/// A deployment whose layout is looked at again.
struct ChangeSubject {
  const PlannedChain* chain = nullptr;
  const PlannedDeployment* deployment = nullptr;
  double carries = 0.0;  // a replica
};

struct ChangeEffect {
  const ChangeSubject* subject = nullptr;
  std::optional<double> objective;
  double goodput_ratio = 1.0;
  std::string reason;  // why there is no objective
  bool known = true;   // that there is one, or none
};

/// One of the document's "sensitivity". `before` and `after` are of the same subjects in the plan's ranking.
Json change_json(const PlanStudy& study, const PlanChange& change, const std::vector<ChangeEffect>& before,
                 const std::vector<ChangeEffect>& after);

}  // namespace switchyard
