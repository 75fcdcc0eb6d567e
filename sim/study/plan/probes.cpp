// A queue over workers: of what waits the longest simulation is prepared first.
#include "sim/study/plan/probes.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>
#include <utility>

#include "sim/study/shared_parts.hpp"
#include "sim/study/workers.hpp"

namespace switchyard {
namespace {

constexpr std::chrono::milliseconds kGlance{200}, kNoWait{0};
constexpr std::size_t kMostBanks = 16;

double number_or(const Json& value, double other) { return value.is_number() ? value.get<double>() : other; }

/// Without a bound on TTFT or on the whole, a queue that grows for ever would meet the SLO.
bool keeps_up(const Json& figures, const Load& load) {
  constexpr double kLongWait = 10e3, kShare = 0.1;  // ms; of the time that requests came in
  for (const Json& bound : figures["slo"]) {
    const std::string name = bound["bound"].get<std::string>();
    if (name.starts_with("ttft") || name.starts_with("e2el")) return true;
  }
  const double span = static_cast<double>(load.requests) / load.requests_per_s * 1e3;
  return number_or(figures["mean_ttft_ms"], 0.0) <= std::max(kLongWait, kShare * span);
}

double strain_of(const Json& figures) {
  double strain = 0.0;
  for (const Json& bound : figures["slo"])
    strain = std::max(strain, number_or(bound["actual_ms"], 0.0) / bound["limit_ms"].get<double>());
  return strain;
}

Reading reading_of(const PointOutcome& outcome, const Load& load) {
  Reading reading;
  if (outcome.verdict != "ok") return reading;
  reading.figures = outcome.summary;
  reading.strain = strain_of(reading.figures);
  const bool all_served =
      reading.figure("completed") == reading.figure("submitted") && reading.figures["stopped"] == Json(false);
  reading.met = reading.figures["slo_met"] == Json(true) && all_served && keeps_up(reading.figures, load);
  return reading;
}

}  // namespace

bool must_miss(const Probe& probe, const Bound& bound) {
  return !can_meet(bound, probe.base->scenario().slo) ||
         probe.load.requests_per_s > bound.offered_per_s_within_slo;
}

bool outgrows(const Probe& probe, const Bound& bound) {
  return probe.load.requests_per_s > bound.requests_per_s_within_slo;
}

double most_arrivals_per_s(const Bound& bound) {
  return std::min(bound.offered_per_s_within_slo, bound.requests_per_s_within_slo);
}

double Reading::figure(const char* name) const {
  if (!figures.is_object() || !figures.contains(name)) return 0.0;
  return number_or(figures[name], 0.0);
}

Prober::Prober(Journal& journal, std::size_t jobs, Interruption& interruption, std::string base_folder,
               ShowPlanProgress show)
    : journal_(journal),
      jobs_(jobs),
      interruption_(interruption),
      fingerprints_(std::move(base_folder)),
      show_(std::move(show)) {}

void Prober::begin(const std::string& phase) { phase_ = phase; }

/// A sweep's journal holds whole summaries; this one's keys are others.
std::uint64_t Prober::key_of(const Probe& probe) {
  const Json until = probe.until == Until::end ? "end" : "sure";
  return fingerprints_.of({{"plan", until}}, probe.base->scenario_for(probe.layout, probe.load).json);
}

std::vector<Reading> Prober::read(const std::vector<Probe>& probes) {
  std::vector<Reading> read;
  if (probes.empty()) return read;
  bool asked = false;
  answer({{[&] { return std::exchange(asked, true) ? std::vector<Probe>() : probes; },
           [&](const std::vector<Reading>& readings) { read = readings; }}});
  return read;
}

const std::optional<Bound>& Prober::bound_of(const Probe& probe) {
  return probe.base->bound_of(probe.layout, probe.load, bounds_);
}

/// A run to its end is wanted for its figures.
bool Prober::is_answered_by_bound(const Task& task) {
  if (task.probe.until == Until::end) return false;
  const std::optional<Bound>& bound = bound_of(task.probe);
  if (!bound || !(must_miss(task.probe, *bound) || outgrows(task.probe, *bound))) return false;
  readings_[task.key] = {};
  ++proofs_;
  return true;
}

/// The bound was asked before the run, unless that was wanted to its end.
Reading Prober::judge(const PointOutcome& outcome, const Probe& probe) {
  Reading reading = reading_of(outcome, probe.load);
  if (!reading.met || probe.until == Until::sure) return reading;
  const std::optional<Bound>& bound = bound_of(probe);
  reading.met = bound && !outgrows(probe, *bound);
  return reading;
}

/// What is asked, and by whom.
struct Prober::Session {
  struct Asked {
    std::vector<std::uint64_t> keys;
    std::set<std::uint64_t> missing;  // of them
  };

  explicit Session(const std::vector<Asker>& of) : askers(of), asked(of.size()) {}

  bool unfinished() const { return next_asker < askers.size() || !wanted.empty(); }

  const std::vector<Asker>& askers;
  std::size_t next_asker = 0;                                // who has not asked yet
  std::vector<Asked> asked;                                  // by asker
  std::map<std::uint64_t, std::vector<std::size_t>> wanted;  // askers that miss a key
  std::deque<Task> tasks;
  std::set<std::pair<double, std::size_t>> waiting;  // tasks, by less work and their numbers
  std::deque<std::size_t> ready;                     // tasks that only a simulation answers
};

void Prober::want(Session& session, std::size_t asker, const Probe& probe, std::uint64_t key) {
  if (readings_.count(key)) return;
  if (const std::optional<PointOutcome> known = journal_.find(key)) {
    readings_[key] = judge(*known, probe);
    return;
  }
  if (!session.asked[asker].missing.insert(key).second) return;
  std::vector<std::size_t>& who = session.wanted[key];
  who.push_back(asker);
  if (who.size() > 1) return;
  const Scenario& scenario = probe.base->scenario();
  const bool routes = scenario.model.moe_layers() > 0;
  const double ranks = static_cast<double>(probe.layout.deployment.data_parallel_size);
  const double work = static_cast<double>(probe.load.requests) * (routes ? 4.0 + ranks : 1.0);
  session.waiting.insert({-work, session.tasks.size()});
  session.tasks.push_back({key, probe, bank_key(scenario)});
}

/// Until something is missing that has to be simulated, or the asker has no more.
void Prober::ask(Session& session, std::size_t asker) {
  Session::Asked& asked = session.asked[asker];
  while (asked.missing.empty()) {
    if (!asked.keys.empty()) {
      std::vector<Reading> readings;
      for (const std::uint64_t key : asked.keys) readings.push_back(readings_.at(key));
      session.askers[asker].tell(readings);
    }
    asked.keys.clear();
    const std::vector<Probe> probes = session.askers[asker].ask();
    if (probes.empty()) return;
    for (const Probe& probe : probes) {
      asked.keys.push_back(key_of(probe));
      want(session, asker, probe, asked.keys.back());
    }
  }
}

void Prober::settle(Session& session, std::uint64_t key) {
  const std::vector<std::size_t> askers = std::move(session.wanted.at(key));
  session.wanted.erase(key);
  for (const std::size_t asker : askers) session.asked[asker].missing.erase(key);
  for (const std::size_t asker : askers) ask(session, asker);
}

/// Built here once, inherited by the forks. Null: there is none to share, or something is wrong with it,
/// which is left for the worker to find.
std::shared_ptr<const RoutingBank> Prober::bank_of(const Task& task) {
  const Scenario& scenario = task.probe.base->scenario();
  if (scenario.model.moe_layers() == 0) return nullptr;
  const auto known = banks_.find(task.bank);
  if (known != banks_.end()) return known->second;
  if (banks_.size() >= kMostBanks) banks_.clear();
  try {
    return banks_[task.bank] = bank_to_share(scenario, jobs_);
  } catch (const std::exception&) {
    return banks_[task.bank] = nullptr;
  }
}

void Prober::stop_if_asked() {
  interruption_.poll();
  if (!interruption_.token().stop_requested()) return;
  throw PlanInterrupted();
}

/// One thing at a time: asks the bound of what waits, or hears who has not asked yet. False: there is
/// nothing.
bool Prober::prepare(Session& session) {
  if (session.waiting.empty()) {
    if (session.next_asker == session.askers.size()) return false;
    ask(session, session.next_asker++);
    return true;
  }
  const std::size_t next = session.waiting.extract(session.waiting.begin()).value().second;
  Task& task = session.tasks[next];
  if (is_answered_by_bound(task)) {
    settle(session, task.key);
  } else {
    task.shared = {bank_of(task), bounds_.cost_of(task.probe.base->scenario())};
    session.ready.push_back(next);
  }
  return true;
}

/// With several jobs all but one find their next simulation prepared while others run; one job waits for it,
/// so that never more than one processor is busy.
void Prober::answer(const std::vector<Asker>& askers) {
  Session session(askers);
  Workers workers(jobs_, [&](std::uint64_t index) {
    const Task& task = session.tasks[index];
    return answer_of([&] {
      return run_probe(task.probe.base->scenario_for(task.probe.layout, task.probe.load), task.shared,
                       task.probe.until);
    });
  });
  while (session.unfinished()) {
    stop_if_asked();
    for (; !workers.full() && !session.ready.empty(); session.ready.pop_front())
      workers.start(session.ready.front());
    const bool short_of_tasks = session.ready.size() < (workers.full() ? jobs_ - 1 : 1);
    const bool prepared = short_of_tasks && prepare(session);
    show_({phase_, count(), session.wanted.size(), workers.running()});
    if (workers.idle()) continue;
    for (const Workers::Ended& ended : workers.wait(prepared ? kNoWait : kGlance)) {
      Task& task = session.tasks[ended.task];
      task.shared = {};
      record(task, outcome_of(ended, task.probe.base->scenario().source));
      settle(session, task.key);
    }
  }
}

std::vector<std::optional<std::string>> Prober::compute(
    std::size_t tasks, const std::function<std::string(std::uint64_t task)>& answer) {
  std::vector<std::optional<std::string>> answers(tasks);
  Workers workers(jobs_, answer);
  std::size_t next = 0;
  while (next < tasks || !workers.idle()) {
    stop_if_asked();
    show_({phase_, count()});
    while (next < tasks && !workers.full()) workers.start(next++);
    for (Workers::Ended& ended : workers.wait(kGlance)) answers[ended.task] = std::move(ended.text);
  }
  return answers;
}

/// What failed is tried again by the next run, so it is not in the journal.
void Prober::record(const Task& task, const PointOutcome& outcome) {
  if (outcome.failed()) ++failures_;
  else journal_.add(task.key, outcome);
  readings_[task.key] = judge(outcome, task.probe);
}

}  // namespace switchyard
