// The loop over the crew, and the line that shows how far it is.
#include "sim/study/sweep/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>

#include "sim/base/ensure.hpp"
#include "sim/study/fingerprint.hpp"
#include "sim/study/progress_line.hpp"
#include "sim/study/shared_parts.hpp"

namespace switchyard {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kGlance{200};

std::string words_of(std::chrono::duration<double> time) {
  char text[32];
  if (time.count() < 90) std::snprintf(text, sizeof text, "%.0f s", time.count());
  else if (time.count() < 5400) std::snprintf(text, sizeof text, "%.0f min", time.count() / 60);
  else std::snprintf(text, sizeof text, "%.1f h", time.count() / 3600);
  return text;
}

/// "12 of 40 points, 2 running, about 3 min left".
class SweepProgress {
 public:
  SweepProgress(std::size_t total, std::size_t pending) : total_(total), pending_(pending) {}

  void show(std::size_t simulated, std::size_t running) {
    std::string text = std::to_string(total_ - pending_ + simulated) + " of " + std::to_string(total_) +
                       " points, " + std::to_string(running) + " running";
    if (simulated > 0) {
      const std::chrono::duration<double> spent = Clock::now() - start_;
      const double left = static_cast<double>(pending_ - simulated) / static_cast<double>(simulated);
      text += ", about " + words_of(spent * left) + " left";
    }
    line_.show("", text);
  }

 private:
  ProgressLine line_;
  std::size_t total_, pending_;
  Clock::time_point start_ = Clock::now();
};

/// A bad row of a trace names the point too.
void read_through_for(const Study& study, std::uint64_t point, const Workload& workload) {
  try {
    read_through(workload);
  } catch (const InputError& error) {
    throw InputError(name_of_point(study, point), error.what());
  }
}

std::optional<Scenario> scenario_or_mismatch(const Study& study, std::uint64_t point,
                                             std::map<std::uint64_t, PointOutcome>& infeasible) {
  try {
    return scenario_of(study, point);
  } catch (const Mismatch& error) {
    infeasible[point] = {"infeasible", error.what(), nullptr};
    return std::nullopt;
  }
}

}  // namespace

CheckedPoints check_points(const Study& study, Shard shard) {
  Fingerprints fingerprints(study.base_folder);
  CheckedPoints checked;
  std::set<std::string> traces;  // read through
  for (std::uint64_t point = shard.index; point < study.points(); point += shard.count) {
    checked.points.push_back(point);
    const std::optional<Scenario> scenario = scenario_or_mismatch(study, point, checked.infeasible);
    checked.keys.push_back(scenario ? fingerprints.of(scenario_json_of(study, point), scenario->json) : 0);
    checked.banks.push_back(scenario ? bank_key(*scenario) : 0);
    checked.costs.push_back(scenario ? cost_key(*scenario) : 0);
    if (!scenario) continue;
    if (scenario->workload->trace && traces.insert(pretty(to_json(*scenario->workload))).second) {
      read_through_for(study, point, *scenario->workload);
    }
  }
  return checked;
}

Sweep::Sweep(const Study& study, CheckedPoints checked, Journal& journal)
    : study_(study), checked_(std::move(checked)), journal_(journal) {
  for (std::size_t i = 0; i < points().size(); ++i) {
    const std::uint64_t point = points()[i];
    if (!checked_.infeasible.count(point) && !journal.has(checked_.keys[i]))
      pending_.push_back({point, checked_.banks[i], checked_.costs[i]});
  }
}

bool Sweep::run(const MakeCrew& make_crew, Interruption& interruption) {
  if (pending_.empty()) return true;
  const std::unique_ptr<Crew> crew = make_crew(study_, pending_);
  SweepProgress progress(points().size(), pending_.size());
  std::size_t next = 0, simulated = 0;
  std::vector<Crew::Ended> ended;
  const auto record_all = [&] {
    for (const Crew::Ended& one : ended) record(one);
    simulated += ended.size();
  };
  for (;;) {
    while (next < pending_.size() && !crew->full()) crew->start(pending_[next++].point);
    record_all();  // while those just started run
    if (simulated == pending_.size()) return true;
    progress.show(simulated, crew->running());
    ended = crew->wait(kGlance);
    interruption.poll();
    if (!interruption.token().stop_requested()) continue;
    record_all();
    ended = crew->wait(std::chrono::milliseconds(0));
    record_all();
    return false;
  }
}

void Sweep::record(const Crew::Ended& ended) {
  const PointOutcome outcome = outcome_of(ended, name_of_point(study_, ended.task));
  if (outcome.failed()) failures_[ended.task] = outcome;
  else journal_.add(key_of(ended.task), outcome);
}

PointOutcome Sweep::outcome(std::uint64_t point) const {
  const auto infeasible = checked_.infeasible.find(point);
  if (infeasible != checked_.infeasible.end()) return infeasible->second;
  const auto failure = failures_.find(point);
  if (failure != failures_.end()) return failure->second;
  std::optional<PointOutcome> outcome = journal_.find(key_of(point));
  ensure(outcome.has_value(), "a finished point is in the journal");
  return std::move(*outcome);
}

std::size_t Sweep::finished() const {
  return checked_.infeasible.size() +
         static_cast<std::size_t>(std::count_if(checked_.keys.begin(), checked_.keys.end(),
                                                [&](std::uint64_t key) { return journal_.has(key); }));
}

std::size_t Sweep::place_of(std::uint64_t point) const {
  return static_cast<std::size_t>(std::lower_bound(points().begin(), points().end(), point) -
                                  points().begin());
}

}  // namespace switchyard
