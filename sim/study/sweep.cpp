// The loop over workers, and the line that shows how far it is.
#include "sim/study/sweep.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>

#include "sim/base/ensure.hpp"
#include "sim/study/fingerprint.hpp"
#include "sim/study/shared_banks.hpp"
#include "sim/study/workers.hpp"

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

/// On a terminal: "12 of 40 points, 2 running, about 3 min left".
class ProgressLine {
 public:
  ProgressLine(std::size_t total, std::size_t pending) : total_(total), pending_(pending) {}
  ~ProgressLine() { clear_progress_line(); }

  void show(std::size_t simulated, std::size_t running) const {
    if (!terminal_) return;
    std::fprintf(stderr, "\r\033[K%zu of %zu points, %zu running", total_ - pending_ + simulated, total_,
                 running);
    if (simulated > 0) {
      const std::chrono::duration<double> spent = Clock::now() - start_;
      const double left = static_cast<double>(pending_ - simulated) / static_cast<double>(simulated);
      std::fprintf(stderr, ", about %s left", words_of(spent * left).c_str());
    }
    std::fflush(stderr);
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
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
    if (!scenario) continue;
    if (scenario->workload->trace && traces.insert(pretty(to_json(*scenario->workload))).second) {
      read_through_for(study, point, *scenario->workload);
    }
  }
  return checked;
}

Sweep::Sweep(const Study& study, CheckedPoints checked, Journal& journal)
    : study_(study), checked_(std::move(checked)), journal_(journal) {
  for (const std::uint64_t point : points()) {
    if (!checked_.infeasible.count(point) && !journal.has(key_of(point))) pending_.push_back(point);
  }
}

bool Sweep::run(std::size_t jobs, Interruption& interruption) {
  SharedBanks banks;
  for (const std::uint64_t point : pending_) banks.expect(bank_of(point));
  Workers workers(jobs, [&](std::uint64_t point) {
    return answer_of([&] { return run_point(scenario_of(study_, point), banks.find(bank_of(point))); });
  });
  const ProgressLine progress(points().size(), pending_.size());
  std::size_t next = 0, simulated = 0;
  while (next < pending_.size() || !workers.idle()) {
    interruption.poll();
    if (interruption.token().stop_requested()) return false;
    while (next < pending_.size() && !workers.full()) {
      const std::uint64_t point = pending_[next++];
      banks.prepare(bank_of(point), jobs, [&] { return scenario_of(study_, point); });
      workers.start(point);
    }
    progress.show(simulated, workers.running());
    for (const Workers::Ended& ended : workers.wait(kGlance)) {
      record(ended.task, outcome_of(ended, name_of_point(study_, ended.task)));
      ++simulated;
    }
  }
  return true;
}

void Sweep::record(std::uint64_t point, const PointOutcome& outcome) {
  if (outcome.failed()) failures_[point] = outcome;
  else journal_.add(key_of(point), outcome);
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
