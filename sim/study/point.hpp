// One point of a sweep: what came of it, and simulating it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/report/summary.hpp"
#include "sim/simulate.hpp"
#include "sim/study/crew.hpp"

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

/// The verdict with its reason; "slo missed" where the run itself is "ok".
std::string verdict_with_reason(const PointOutcome& outcome);

/// summary.json without what differs from run to run (wall_s, bank_s).
Json without_wall_times(Json summary);

/// Builds and simulates. What does not fit is an outcome, and so is a broken law; an InputError (the late
/// kind: a bad row of a trace) is thrown. Simulates once a process: SimGrid's engine is one a process.
/// `finished` is called with what was simulated.
using Finished = std::function<void(const System&, const Simulation&, const Summary&)>;
PointOutcome run_point(const Scenario& scenario, SharedParts shared = {}, const Finished& finished = {});

/// What a worker sends: the outcome of its work, or what was wrong with the input.
std::string answer_of(const std::function<PointOutcome()>& work);
/// The outcome in it. A worker that died is one too. Throws InputError, named `name`, when the input was
/// wrong.
PointOutcome outcome_of(const Crew::Ended& ended, const std::string& name);

}  // namespace switchyard
