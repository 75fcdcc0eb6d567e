// Each change is a study of its own, with the layouts that won.
#include "sim/study/plan/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "sim/study/plan/confirm.hpp"
#include "sim/study/plan/effects.hpp"
#include "sim/study/plan/winners.hpp"

namespace switchyard {
namespace {

constexpr Race::Options kRace{.step = 1.15, .tolerance = 1.0 + kChangedTolerance, .margin = 1.0};

/// One layout under one change, and what it carries.
struct Trial {
  std::size_t subject = 0;
  std::optional<std::size_t> change;  // none: as the study says, at the same count
  std::unique_ptr<PlanStudy> study;
  std::unique_ptr<PlanBase> base;
  PlannedLayout planned;
  std::string reason;    // why it carries nothing
  Reading at_demand;     // to minimise energy: of as many replicas as the demand then takes
  bool compares = true;  // with the unchanged one, which carries something too
};

double carries_of(const PlannedChain& chain, const PlannedDeployment& deployment) {
  for (const PlannedLayout& planned : chain.layouts)
    if (planned.layout == deployment.layout && planned.carries > 0.0) return planned.carries;
  return deployment.goodput / static_cast<double>(deployment.load.replicas);
}

/// The two best of each model, models and theirs as they rank.
std::vector<ChangeSubject> subjects_of(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::map<std::size_t, std::vector<ChangeSubject>> by_model;
  for (const PlannedChain& chain : chains)
    if (chain.best)
      by_model[chain.base->model()].push_back({&chain, &*chain.best, carries_of(chain, *chain.best)});
  const auto ranks = [&](const ChangeSubject& a, const ChangeSubject& b) {
    return ranks_before(study, *a.deployment, *b.deployment);
  };
  std::vector<std::vector<ChangeSubject>> models;
  for (auto& [model, own] : by_model) {
    std::stable_sort(own.begin(), own.end(), ranks);
    own.resize(std::min<std::size_t>(own.size(), 2));
    models.push_back(std::move(own));
  }
  std::stable_sort(models.begin(), models.end(),
                   [&](const auto& a, const auto& b) { return ranks(a.front(), b.front()); });
  std::vector<ChangeSubject> subjects;
  for (const std::vector<ChangeSubject>& own : models)
    subjects.insert(subjects.end(), own.begin(), own.end());
  return subjects;
}

/// The study with the change. An engine is started for what it serves: where requests get longer than the
/// study's own max_model_len, the model's context is the limit.
std::unique_ptr<PlanBase> changed_base(PlanStudy& study, const PlanBase& base, const PlanChange* change) {
  if (change && !change->workload.is_null()) study.scenario["workload"] = change->workload;
  if (change && !change->routing.is_null()) study.scenario["routing"] = change->routing;
  const auto read = [&] {
    return std::make_unique<PlanBase>(study, base.model(), base.gpu(), base.precision_index());
  };
  std::unique_ptr<PlanBase> changed = read();
  if (!changed->too_long().empty() && study.scenario.contains("engine") &&
      study.scenario["engine"].is_object()) {
    study.scenario["engine"]["max_model_len"] = nullptr;
    changed = read();
  }
  if (change) changed->scale_network(change->network);
  return changed;
}

Trial trial_of(const PlanStudy& study, const std::vector<ChangeSubject>& subjects, std::size_t subject,
               std::optional<std::size_t> index, const PlanChange* change) {
  const ChangeSubject& old = subjects[subject];
  Trial trial{subject, index, std::make_unique<PlanStudy>(study), nullptr, {}, "", {}};
  trial.base = changed_base(*trial.study, *old.chain->base, change);
  trial.planned.base = trial.base.get();
  trial.planned.layout = old.deployment->layout;
  trial.reason = trial.base->too_long();
  if (trial.reason.empty() && !find_memory(trial.planned)) trial.reason = "does not fit";
  return trial;
}

bool changes_anything(const PlanChange& change, const ChangeSubject& subject) {
  if (!change.routing.is_null()) return subject.chain->base->kind() != "dense";
  if (change.network != 1.0) return subject.deployment->layout.gpus() > 1;
  return true;
}

/// Trials by simulation, but those whose requests are too long or no longer fit.
void run_trials(std::vector<Trial>& trials, const std::vector<ChangeSubject>& subjects, Prober& prober) {
  std::vector<HeatSource> heats;
  for (Trial& trial : trials) {
    if (!trial.reason.empty()) continue;
    Race::Options options = kRace;
    options.start = subjects[trial.subject].carries;
    heats.push_back(heat_alone(trial.planned, kComparing, options));
  }
  run_heats(prober, heats);
  for (Trial& trial : trials)
    if (trial.reason.empty() && trial.planned.carries <= 0.0) trial.reason = "misses the SLO at any load";
}

const Trial* find(const std::vector<Trial>& trials, std::size_t subject, std::optional<std::size_t> change) {
  for (const Trial& trial : trials)
    if (trial.subject == subject && trial.change == change) return &trial;
  return nullptr;
}

/// How many times as much a replica carries as it does unchanged. 0: nothing, or that is not known.
double ratio_of(const std::vector<Trial>& trials, const Trial& trial) {
  const Trial* base = find(trials, trial.subject, std::nullopt);
  return base && base->planned.carries > 0.0 ? trial.planned.carries / base->planned.carries : 0.0;
}

/// A change cannot be held against an unchanged layout that carries nothing in so short a run.
void give_reasons(std::vector<Trial>& trials) {
  for (Trial& trial : trials) {
    const Trial* base = find(trials, trial.subject, std::nullopt);
    if (!trial.change || !trial.reason.empty() || !base || base->reason.empty()) continue;
    trial.reason = "unchanged: " + base->reason;
    trial.compares = false;
  }
}

/// What a replica carries when it carries so many times as much as in the deployment.
double carried(const ChangeSubject& subject, double ratio) {
  const PlannedDeployment& deployment = *subject.deployment;
  return deployment.goodput / static_cast<double>(deployment.load.replicas) * ratio;
}

/// A trial, and so many replicas for the demand.
struct Whole {
  Trial* trial = nullptr;
  std::int64_t replicas = 0;
};

/// Those that the budget has room for, with the replicas that the demand takes by what one carries.
std::vector<Whole> wholes_of(const PlanStudy& study, std::vector<Trial>& trials,
                             const std::vector<ChangeSubject>& subjects) {
  std::vector<Whole> wholes;
  for (Trial& trial : trials) {
    if (!trial.change || !trial.reason.empty()) continue;
    const double carries = carried(subjects[trial.subject], ratio_of(trials, trial));
    const auto replicas =
        replicas_for(*trial.base, trial.planned.layout.gpus(), carries, demand_of(study, *trial.base));
    if (replicas) wholes.push_back({&trial, *replicas});
  }
  return wholes;
}

/// Energy a token depends on how busy the GPUs are, so it is that of the demand on the replicas it then
/// takes: one more where so many miss the SLO, for one alone may carry more than its share of many.
void read_energy(const PlanStudy& study, std::vector<Trial>& trials,
                 const std::vector<ChangeSubject>& subjects, Prober& prober) {
  constexpr std::int64_t kMore = 1;
  std::vector<Whole> wholes = wholes_of(study, trials, subjects);
  for (std::int64_t more = 0; more <= kMore; ++more) {
    std::vector<Probe> probes;
    for (Whole& whole : wholes) probes.push_back(demand_on(study, whole.trial->planned, whole.replicas++));
    const std::vector<Reading> readings = prober.read(probes);
    for (std::size_t i = 0; i < readings.size(); ++i) {
      wholes[i].trial->at_demand = readings[i];
      wholes[i].trial->reason = readings[i].met ? "" : "misses the SLO";
    }
    std::erase_if(wholes, [](const Whole& whole) {
      const PlannedLayout& planned = whole.trial->planned;
      return whole.trial->at_demand.met || whole.replicas * planned.layout.gpus() > planned.base->most_gpus();
    });
  }
}

/// What the objective becomes when a replica carries `ratio` times as much. None: beyond the budget.
std::optional<double> objective_after(const PlanStudy& study, const ChangeSubject& subject, double ratio,
                                      const Reading& at_demand) {
  if (ratio <= 0.0) return std::nullopt;
  if (!study.minimises()) return subject.deployment->objective * ratio;
  if (study.objective != "minimise_energy")
    return objective_of(study, *subject.chain->base, subject.deployment->layout.gpus(),
                        carried(subject, ratio));
  const double energy = at_demand.met ? at_demand.figure("energy_per_output_token_j") : 0.0;
  return energy > 0.0 ? std::optional(energy) : std::nullopt;
}

/// The same at another price of its GPUs: a budget in $/h then has room for more or fewer of them.
std::optional<double> objective_at_price(const PlanStudy& study, const PlannedDeployment& deployment,
                                         double factor) {
  double objective = deployment.objective;
  if (study.objective == "minimise_cost") objective *= factor;
  if (!study.budget.usd_per_hour) return objective;
  const double price = deployment.base->usd_per_gpu_hour().value_or(0.0) * factor;
  const auto most = static_cast<std::int64_t>(std::floor(*study.budget.usd_per_hour / price));
  if (study.minimises()) return most < deployment.gpus() ? std::nullopt : std::optional(objective);
  const std::int64_t replicas = std::min(most, kMostPlannedGpus) / deployment.layout.gpus();
  if (replicas == 0) return std::nullopt;
  return objective * static_cast<double>(replicas) / static_cast<double>(deployment.load.replicas);
}

ChangeEffect effect_of(const PlanStudy& study, const ChangeSubject& subject, const std::vector<Trial>& trials,
                       const Trial* trial, const PlanChange& change) {
  ChangeEffect effect{&subject, subject.deployment->objective, 1.0, ""};
  if (change.dearer == subject.chain->base->gpu_name())
    effect.objective = objective_at_price(study, *subject.deployment, change.price);
  if (trial) {
    effect.goodput_ratio = ratio_of(trials, *trial);
    effect.objective = objective_after(study, subject, effect.goodput_ratio, trial->at_demand);
    effect.reason = trial->reason;
    effect.known = trial->compares;
  }
  if (!effect.objective && effect.reason.empty()) effect.reason = "beyond the budget";
  return effect;
}

/// Of all subjects under one change, from the trials.
std::vector<ChangeEffect> effects_of(const PlanStudy& study, const std::vector<ChangeSubject>& subjects,
                                     const std::vector<Trial>& trials, std::size_t index,
                                     const PlanChange& change) {
  std::vector<ChangeEffect> effects;
  for (std::size_t s = 0; s < subjects.size(); ++s)
    effects.push_back(effect_of(study, subjects[s], trials, find(trials, s, index), change));
  return effects;
}

}  // namespace

Json sensitivity_json(const PlanStudy& study, const std::vector<PlannedChain>& chains, Prober& prober) {
  const std::vector<ChangeSubject> subjects = subjects_of(study, chains);
  if (subjects.empty()) return Json::array();
  const std::vector<PlanChange> changes = changes_of(study, chains);
  std::vector<Trial> trials;
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    trials.push_back(trial_of(study, subjects, s, std::nullopt, nullptr));
    for (std::size_t c = 0; c < changes.size(); ++c)
      if (changes[c].factor != "price" && changes_anything(changes[c], subjects[s]))
        trials.push_back(trial_of(study, subjects, s, c, &changes[c]));
  }
  run_trials(trials, subjects, prober);
  give_reasons(trials);
  if (study.objective == "minimise_energy") read_energy(study, trials, subjects, prober);
  std::vector<ChangeEffect> before;
  for (const ChangeSubject& subject : subjects)
    before.push_back({&subject, subject.deployment->objective, 1.0, ""});
  Json json = Json::array();
  for (std::size_t c = 0; c < changes.size(); ++c)
    json.push_back(
        change_json(study, changes[c], before, effects_of(study, subjects, trials, c, changes[c])));
  return json;
}

}  // namespace switchyard
