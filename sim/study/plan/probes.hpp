// Simulations that a plan asks for, each in a process of its own; finished ones are kept in a
// journal. What is proven to miss the SLO, or to outgrow its replicas, is not simulated.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/progress.hpp"
#include "sim/study/bound/bound.hpp"
#include "sim/study/fingerprint.hpp"
#include "sim/study/journal.hpp"
#include "sim/study/plan/bases.hpp"
#include "sim/study/plan/probe_run.hpp"
#include "sim/study/plan/progress.hpp"

namespace switchyard {

struct Probe {
  const PlanBase* base = nullptr;
  Layout layout;
  Load load;
  Until until = Until::sure;
};

/// Proven: the run that the probe asks for, which `bound` is of, misses the SLO.
bool must_miss(const Probe& probe, const Bound& bound);

/// Arrivals come faster than the replicas work through within the SLO: a run may end before that shows, but
/// the queue would grow without end. Nobody is said to carry such a load.
bool outgrows(const Probe& probe, const Bound& bound);

/// The lower of those two rates.
double most_arrivals_per_s(const Bound& bound);

/// What a probe found.
struct Reading {
  bool met = false;     // the SLO, by every request that was sent, and the queue does not grow without end
  double strain = 0.0;  // the largest of value / limit over the bounds; 0 when nothing was served
  Json figures;         // of summary.json, those that a plan uses; null when nothing was served

  /// 0 where the figure is null or missing.
  double figure(const char* name) const;
};

/// Somebody whose next question depends on the answers to the last.
struct Asker {
  std::function<std::vector<Probe>()> ask;                // none: there are no more
  std::function<void(const std::vector<Reading>&)> tell;  // in the order of what was asked
};

/// Ctrl-C: what was finished is in the journal.
struct PlanInterrupted : std::runtime_error {
  PlanInterrupted() : std::runtime_error("interrupted") {}
};

class Prober {
 public:
  /// `show` is told how far the plan is, some times a second.
  Prober(
      Journal& journal, std::size_t jobs, Interruption& interruption, std::string base_folder,
      ShowPlanProgress show = [](const PlanProgress&) {});

  /// What is read from here on belongs to this phase: "screening". One in which nothing is asked is not
  /// shown.
  void begin(const std::string& phase);

  /// As many readings as probes, in their order; the same whatever `jobs`. What was read before is not
  /// simulated again, and what the bound answers not at all unless it is wanted to its end. Throws
  /// PlanInterrupted, and InputError on what a scenario could not know.
  std::vector<Reading> read(const std::vector<Probe>& probes);
  /// The same of many askers, each told as soon as its own probes are read: who is told first depends on
  /// `jobs`, so they must know nothing of each other.
  void answer(const std::vector<Asker>& askers);

  /// What `answer` says of the tasks 0, 1, 2 …, each asked in a process of its own, several at once; none
  /// where the process failed.
  std::vector<std::optional<std::string>> compute(
      std::size_t tasks, const std::function<std::string(std::uint64_t task)>& answer);

  /// Of the run that the probe asks for; none: its layout does not fit.
  const std::optional<Bound>& bound_of(const Probe& probe);

  /// Different simulations so far, those of them that processes could not do even at their second try, and
  /// probes that were none because the bound answered them.
  std::size_t count() const { return readings_.size() - proofs_; }
  std::size_t failures() const { return failures_; }
  std::size_t proofs() const { return proofs_; }

 private:
  struct Task {
    std::uint64_t key = 0;
    Probe probe;
    std::uint64_t bank = 0;
    SharedParts shared = {};  // while it is ready or runs
  };
  struct Session;

  std::uint64_t key_of(const Probe& probe);
  void ask(Session& session, std::size_t asker);
  bool prepare(Session& session);
  void want(Session& session, std::size_t asker, const Probe& probe, std::uint64_t key);
  /// Tells who misses this reading, if that was the last.
  void settle(Session& session, std::uint64_t key);
  bool is_answered_by_bound(const Task& task);
  std::shared_ptr<const RoutingBank> bank_of(const Task& task);
  Reading judge(const PointOutcome& outcome, const Probe& probe);
  void stop_if_asked();
  void record(const Task& task, const PointOutcome& outcome);

  Journal& journal_;
  std::size_t jobs_;
  Interruption& interruption_;
  Fingerprints fingerprints_;
  std::map<std::uint64_t, Reading> readings_;                          // by key
  std::map<std::uint64_t, std::shared_ptr<const RoutingBank>> banks_;  // by bank_key()
  Bounds bounds_;
  std::size_t failures_ = 0, proofs_ = 0;
  ShowPlanProgress show_;
  std::string phase_;
};

}  // namespace switchyard
