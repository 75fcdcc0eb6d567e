// Each change is a study of its own, with the layouts that won.
#include "sim/study/plan/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>

#include "sim/base/rounding.hpp"

namespace switchyard {
namespace {

constexpr int kDigits = 6;
constexpr Race::Options kRace{.step = 1.15, .tolerance = 1.04, .margin = 1.0};

/// A deployment whose layout is looked at again.
struct Subject {
  const PlannedChain* chain = nullptr;
  const PlannedDeployment* deployment = nullptr;
  double carries = 0.0;  // a replica
};

/// One layout under one change, and what it carries.
struct Trial {
  std::size_t subject = 0;
  std::optional<std::size_t> change;  // none: as the study says, at the same count
  std::unique_ptr<PlanStudy> study;
  std::unique_ptr<PlanBase> base;
  PlannedLayout planned;
  Reading reading;  // at the highest rate that was met
};

double carries_of(const PlannedChain& chain, const PlannedDeployment& deployment) {
  for (const PlannedLayout& planned : chain.layouts)
    if (planned.layout == deployment.layout) return planned.carries;
  return deployment.goodput / static_cast<double>(deployment.load.replicas);
}

/// The two best of each model.
std::vector<Subject> subjects_of(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::map<std::size_t, std::vector<Subject>> by_model;
  for (const PlannedChain& chain : chains)
    if (chain.best)
      by_model[chain.base->model()].push_back({&chain, &*chain.best, carries_of(chain, *chain.best)});
  std::vector<Subject> subjects;
  for (auto& [model, own] : by_model) {
    std::stable_sort(own.begin(), own.end(), [&](const Subject& a, const Subject& b) {
      return is_better(study, a.deployment->objective, b.deployment->objective);
    });
    own.resize(std::min<std::size_t>(own.size(), 2));
    subjects.insert(subjects.end(), own.begin(), own.end());
  }
  return subjects;
}

/// Longer lengths of the same shape; null where they are not drawn from one that could be scaled.
Json scaled(Json lengths, double factor) {
  constexpr std::int64_t kLongest = 1 << 24;
  if (!lengths.is_object()) return nullptr;
  const std::string shape = lengths.value("distribution", "");
  if (shape != "fixed" && shape != "uniform" && shape != "lognormal") return nullptr;
  for (const char* key : {"value", "min", "max"})
    if (lengths.contains(key) && lengths[key].is_number() && lengths[key].get<double>() < kLongest)
      lengths[key] = static_cast<std::int64_t>(std::llround(lengths[key].get<double>() * factor));
  if (lengths.contains("mean")) lengths["mean"] = lengths["mean"].get<double>() * factor;
  return lengths;
}

void add_lengths(std::vector<PlanChange>& changes, const Json& workload, const char* key, const char* name) {
  constexpr double kTwice = 2.0;
  if (!workload.is_object()) return;
  const Json longer = scaled(workload.value(key, Json()), kTwice);
  if (longer.is_null()) return;
  PlanChange change{std::string(name) + " twice as long", name};
  change.workload = workload;
  change.workload[key] = longer;
  changes.push_back(std::move(change));
}

void add_prices(std::vector<PlanChange>& changes, const std::vector<PlannedChain>& chains) {
  std::vector<std::string> done;
  for (const PlannedChain& chain : chains) {
    const std::string& gpu = chain.base->gpu_name();
    if (!chain.base->usd_per_gpu_hour() || std::find(done.begin(), done.end(), gpu) != done.end()) continue;
    done.push_back(gpu);
    for (const auto& [factor, text] : {std::pair(0.8, " 20 % cheaper"), std::pair(1.2, " 20 % dearer")}) {
      PlanChange change{gpu + text, "price"};
      change.dearer = gpu;
      change.price = factor;
      changes.push_back(std::move(change));
    }
  }
}

Trial trial_of(const PlanStudy& study, const std::vector<Subject>& subjects, std::size_t subject,
               std::optional<std::size_t> index, const PlanChange* change) {
  const Subject& old = subjects[subject];
  Trial trial{subject, index, std::make_unique<PlanStudy>(study), nullptr, {}, {}};
  if (change && !change->workload.is_null()) trial.study->scenario["workload"] = change->workload;
  if (change && !change->routing.is_null()) trial.study->scenario["routing"] = change->routing;
  const PlanBase& base = *old.chain->base;
  trial.base = std::make_unique<PlanBase>(*trial.study, base.model(), base.gpu(), base.precision_index());
  if (change) trial.base->scale_network(change->network);
  trial.planned.base = trial.base.get();
  trial.planned.layout = old.deployment->layout;
  trial.planned.most_requests_per_s = old.carries * 100.0;
  return trial;
}

bool changes_anything(const PlanChange& change, const Subject& subject) {
  if (!change.routing.is_null()) return subject.chain->base->kind() != "dense";
  if (change.network != 1.0) return subject.deployment->layout.gpus() > 1;
  return true;
}

/// Trials by simulation; a layout that a longer request no longer fits carries nothing.
void run_trials(std::vector<Trial>& trials, const std::vector<Subject>& subjects, Prober& prober) {
  std::vector<HeatSource> heats;
  for (Trial& trial : trials) {
    if (!trial.base->too_long().empty() || !find_memory(trial.planned)) continue;
    Race::Options options = kRace;
    options.start = subjects[trial.subject].carries;
    heats.emplace_back([&trial, options](const Heat* before) -> std::optional<Heat> {
      if (!before) return Heat({&trial.planned}, kComparing, options);
      trial.reading = before->best_reading();
      return std::nullopt;
    });
  }
  run_heats(prober, heats);
}

/// What the objective becomes when a replica carries `ratio` times as much. None: beyond the budget.
std::optional<double> objective_after(const PlanStudy& study, const Subject& subject, double ratio,
                                      double energy_ratio) {
  const PlannedDeployment& deployment = *subject.deployment;
  if (ratio <= 0.0) return std::nullopt;
  if (!study.minimises()) return deployment.objective * ratio;
  const double carries = deployment.goodput / static_cast<double>(deployment.load.replicas) * ratio;
  const PlanBase& base = *subject.chain->base;
  if (study.objective == "minimise_energy")
    return replicas_for(base, deployment.layout.gpus(), carries, demand_of(study, base))
               ? std::optional(deployment.objective * energy_ratio)
               : std::nullopt;
  return objective_of(study, base, deployment.layout.gpus(), carries);
}

struct Effect {
  const Subject* subject = nullptr;
  std::optional<double> objective;
  double goodput_ratio = 1.0;
};

/// The best of each model, in the models' order.
std::map<std::size_t, Effect> best_of_models(const PlanStudy& study, const std::vector<Effect>& effects) {
  std::map<std::size_t, Effect> best;
  for (const Effect& effect : effects) {
    const auto [place, first] = best.try_emplace(effect.subject->chain->base->model(), effect);
    if (first || !effect.objective) continue;
    if (!place->second.objective || is_better(study, *effect.objective, *place->second.objective))
      place->second = effect;
  }
  return best;
}

double goodput_of(const Effect& effect) { return effect.subject->deployment->goodput * effect.goodput_ratio; }

const Effect* winner_among(const PlanStudy& study, const std::map<std::size_t, Effect>& best) {
  const Effect* winner = nullptr;
  for (const auto& [model, effect] : best)
    if (effect.objective &&
        (!winner || is_better(study, *effect.objective, *winner->objective) ||
         (*effect.objective == *winner->objective && goodput_of(effect) > goodput_of(*winner))))
      winner = &effect;
  return winner;
}

Json change_json(const PlanStudy& study, const PlanChange& change, const std::vector<Effect>& before,
                 const std::vector<Effect>& after) {
  const auto was = best_of_models(study, before), is = best_of_models(study, after);
  const Effect* old_winner = winner_among(study, was);
  const Effect* new_winner = winner_among(study, is);
  // One that is only as good as the old winner does not replace it.
  const auto same = new_winner && old_winner ? is.find(old_winner->subject->chain->base->model()) : is.end();
  if (same != is.end() && same->second.objective &&
      !is_better(study, *new_winner->objective, *same->second.objective))
    new_winner = &same->second;
  Json values = Json::array();
  for (const auto& [model, effect] : is) {
    const auto objective = [&](const Effect& o) {
      return o.objective ? Json(rounded(*o.objective, kDigits)) : Json();
    };
    values.push_back({{"model", effect.subject->chain->base->model_name()},
                      {"kind", effect.subject->chain->base->kind()},
                      {"gpu", effect.subject->chain->base->gpu_name()},
                      {"objective", objective(effect)},
                      {"before", objective(was.at(model))},
                      {"goodput_ratio", rounded(effect.goodput_ratio, kDigits)}});
  }
  const auto name = [](const Effect* o) {
    return o ? o->subject->chain->base->model_name() : std::string("none");
  };
  const bool changed = name(old_winner) != name(new_winner);
  const std::string text = "With " + change.text +
                           (changed ? " the best is " + name(new_winner) + " instead of " + name(old_winner)
                                    : " " + name(new_winner) + " stays the best") +
                           ".";
  return {{"change", change.text},
          {"factor", change.factor},
          {"winner", new_winner ? Json(name(new_winner)) : Json()},
          {"winner_changes", changed},
          {"values", values},
          {"text", text}};
}

/// Of all subjects under one change, from the trials.
std::vector<Effect> effects_of(const PlanStudy& study, const std::vector<Subject>& subjects,
                               const std::vector<Trial>& trials, std::size_t index,
                               const PlanChange& change) {
  std::vector<Effect> effects;
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    const auto find = [&](std::optional<std::size_t> wanted) -> const Trial* {
      for (const Trial& trial : trials)
        if (trial.subject == s && trial.change == wanted) return &trial;
      return nullptr;
    };
    Effect effect{&subjects[s], subjects[s].deployment->objective, 1.0};
    const Trial *base = find(std::nullopt), *trial = find(index);
    if (base && trial && base->planned.carries > 0.0) {
      effect.goodput_ratio = trial->planned.carries / base->planned.carries;
      const double energy = base->reading.figure("energy_per_output_token_j");
      effect.objective =
          objective_after(study, subjects[s], effect.goodput_ratio,
                          energy > 0.0 ? trial->reading.figure("energy_per_output_token_j") / energy : 1.0);
    }
    if (change.dearer == subjects[s].chain->base->gpu_name() && study.objective == "minimise_cost" &&
        effect.objective)
      *effect.objective *= change.price;
    effects.push_back(effect);
  }
  return effects;
}

}  // namespace

std::vector<PlanChange> changes_of(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::vector<PlanChange> changes;
  const bool routes = std::any_of(chains.begin(), chains.end(),
                                  [](const PlannedChain& chain) { return chain.base->kind() != "dense"; });
  const Json routing = study.scenario.value("routing", Json::object());
  if (routes) {
    PlanChange even{"experts chosen evenly", "routing"},
        skewed{"experts more skewed (gate_bias_zipf 0.5)", "routing"};
    even.routing = skewed.routing = routing;
    even.routing["mode"] = "balanced";
    skewed.routing["gate_bias_zipf"] = 0.5;
    changes.push_back(std::move(even));
    if (!routing.contains("gate_bias_zipf")) changes.push_back(std::move(skewed));
  }
  for (const auto& [factor, text] :
       {std::pair(0.5, "half the network bandwidth"), std::pair(2.0, "twice the network bandwidth")}) {
    PlanChange change{text, "network"};
    change.network = factor;
    changes.push_back(std::move(change));
  }
  add_lengths(changes, study.scenario["workload"], "prompt_tokens", "prompts");
  add_lengths(changes, study.scenario["workload"], "output_tokens", "outputs");
  if (study.objective == "minimise_cost") add_prices(changes, chains);
  return changes;
}

Json sensitivity_json(const PlanStudy& study, const std::vector<PlannedChain>& chains, Prober& prober) {
  const std::vector<Subject> subjects = subjects_of(study, chains);
  const std::vector<PlanChange> changes = changes_of(study, chains);
  std::vector<Trial> trials;
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    trials.push_back(trial_of(study, subjects, s, std::nullopt, nullptr));
    for (std::size_t c = 0; c < changes.size(); ++c)
      if (changes[c].factor != "price" && changes_anything(changes[c], subjects[s]))
        trials.push_back(trial_of(study, subjects, s, c, &changes[c]));
  }
  run_trials(trials, subjects, prober);
  std::vector<Effect> before;
  for (const Subject& subject : subjects) before.push_back({&subject, subject.deployment->objective, 1.0});
  Json json = Json::array();
  for (std::size_t c = 0; c < changes.size(); ++c)
    json.push_back(
        change_json(study, changes[c], before, effects_of(study, subjects, trials, c, changes[c])));
  return json;
}

}  // namespace switchyard
