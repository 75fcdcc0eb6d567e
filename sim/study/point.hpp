// One point of a sweep: what came of it, and simulating it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/scenario.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

struct PointOutcome {
  std::string verdict;  // "ok", "infeasible", "failed: signal 11"
  std::string reason;   // why not "ok", one line; else empty
  Json summary;         // summary_json() without the wall times; null unless "ok"

  bool failed() const {
    return verdict.starts_with("failed");
  }  // a defect, or a machine's limit: worth another try
};

Json to_json(const PointOutcome& outcome);
/// None when `json` is no outcome.
std::optional<PointOutcome> outcome_from(const Json& json);

/// summary.json without what differs from run to run (wall_s, bank_s).
Json without_wall_times(Json summary);

/// Builds and simulates. What does not fit is an outcome, and so is a broken law; an InputError (the late
/// kind: a bad row of a trace) is thrown. Simulates once a process: SimGrid's engine is one a process.
/// `bank`: the scenario's, built before; null: it is built.
PointOutcome run_point(const Scenario& scenario, std::shared_ptr<const RoutingBank> bank = nullptr);

}  // namespace switchyard
