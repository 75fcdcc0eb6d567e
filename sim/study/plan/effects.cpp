// The best of each model under a change, and of the models.
#include "sim/study/plan/effects.hpp"

#include <algorithm>
#include <map>
#include <numbers>
#include <set>

#include "sim/base/rounding.hpp"
#include "sim/study/plan/winners.hpp"
#include "sim/study/readable.hpp"

namespace switchyard {
namespace {

constexpr int kDigits = 6;
/// How far apart two changed objectives may end: each follows from what is carried changed and unchanged, two
/// races that end up to the tolerance apart.
constexpr double kCompared = std::numbers::sqrt2 * kChangedTolerance;

/// A model's deployments under one change.
struct ModelEffect {
  ChangeEffect best;                         // where none has an objective, the best before the change
  std::vector<const ChangeEffect*> without;  // an objective

  const PlanBase& base() const { return *best.subject->chain->base; }
  /// That there is none better than the best.
  bool known() const {
    return std::all_of(without.begin(), without.end(),
                       [](const ChangeEffect* effect) { return effect->known; });
  }
};

/// In the models' order.
std::map<std::size_t, ModelEffect> by_model(const PlanStudy& study,
                                            const std::vector<ChangeEffect>& effects) {
  std::map<std::size_t, ModelEffect> models;
  for (const ChangeEffect& effect : effects) {
    const auto [place, first] =
        models.try_emplace(effect.subject->chain->base->model(), ModelEffect{effect, {}});
    ModelEffect& model = place->second;
    if (!effect.objective) model.without.push_back(&effect);
    else if (!model.best.objective || is_better(study, *effect.objective, *model.best.objective))
      model.best = effect;
  }
  return models;
}

/// Of effects in the plan's ranking the best, so that one that is only as good as the plan's does not replace
/// it.
const ChangeEffect* winner_among(const PlanStudy& study, const std::vector<ChangeEffect>& effects) {
  const ChangeEffect* winner = nullptr;
  for (const ChangeEffect& effect : effects)
    if (effect.objective && (!winner || is_better(study, *effect.objective, *winner->objective)))
      winner = &effect;
  return winner;
}

std::string name_of(const ChangeEffect* effect) { return effect->subject->chain->base->model_name(); }

Estimate estimate_of(const ChangeEffect& effect) {
  return {*effect.objective, winner_of(*effect.subject->deployment).error};
}

bool all_known(const std::map<std::size_t, ModelEffect>& models) {
  return std::all_of(models.begin(), models.end(), [](const auto& entry) { return entry.second.known(); });
}

/// "on h100_sxm", and the precision where the model has another there.
std::string place_of(const ModelEffect& model, const ChangeEffect& effect) {
  const PlanBase& own = *effect.subject->chain->base;
  const auto is_beside = [&](const ChangeEffect& other) {
    const PlanBase& base = *other.subject->chain->base;
    return &base != &own && base.gpu_name() == own.gpu_name();
  };
  const bool beside =
      is_beside(model.best) || std::any_of(model.without.begin(), model.without.end(),
                                           [&](const auto* other) { return is_beside(*other); });
  return "on " + own.gpu_name() + (beside ? " in " + own.precision() : "");
}

std::string joined(const std::vector<std::string>& parts, const char* with) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : with) + part;
  return text;
}

/// "misses the SLO at any load", or by deployment where they differ.
std::string reason_of(const ModelEffect& model) {
  std::set<std::string> different;
  std::vector<std::string> by_deployment;
  for (const ChangeEffect* effect : model.without) {
    different.insert(effect->reason);
    by_deployment.push_back(place_of(model, *effect) + " " + effect->reason);
  }
  if (different.size() == 1 && !model.best.objective) return *different.begin();
  return joined(by_deployment, ", ");
}

/// The same of all models, by model where they differ.
std::string reasons_of(const std::map<std::size_t, ModelEffect>& models) {
  std::set<std::string> different;
  std::vector<std::string> names;
  for (const auto& [index, model] : models) {
    different.insert(reason_of(model));
    names.push_back(model.base().model_name() + ": " + reason_of(model));
  }
  return different.size() == 1 ? *different.begin() : joined(names, "; ");
}

/// The old best model may be better than the winner, or not: nothing is known of it.
bool is_unsure(const std::map<std::size_t, ModelEffect>& models, const ChangeEffect* old,
               const ChangeEffect* winner) {
  return old && winner && name_of(old) != name_of(winner) &&
         !models.at(old->subject->chain->base->model()).known();
}

/// "; nothing can be said of gpt-oss-120b (…)", of models that may be better than the winner.
std::string unknown_text(const std::map<std::size_t, ModelEffect>& models, const ChangeEffect* winner) {
  std::string text;
  for (const auto& [index, model] : models)
    if (!model.known() && model.base().model_name() != name_of(winner))
      text += "; nothing can be said of " + model.base().model_name() + " (" + reason_of(model) + ")";
  return text;
}

std::string text_of(const PlanChange& change, const std::map<std::size_t, ModelEffect>& is,
                    const ChangeEffect* old, const ChangeEffect* winner) {
  const std::string text = "With " + change.text + " ";
  if (!winner && all_known(is))
    return text + "no model is left whose best deployments meet the SLO within the budget (" +
           reasons_of(is) + ").";
  if (!winner) return text + "nothing can be said (" + reasons_of(is) + ").";
  const std::string unknown = unknown_text(is, winner) + ".";
  if (is_unsure(is, old, winner)) return text + "the best of the others is " + name_of(winner) + unknown;
  if (!old || name_of(old) == name_of(winner)) return text + name_of(winner) + " stays the best" + unknown;
  const ChangeEffect& same = is.at(old->subject->chain->base->model()).best;
  const bool tie = same.objective && is_tie(estimate_of(*winner), estimate_of(same),
                                            change.factor == "price" ? kSearched : kCompared);
  return text + "the best is " + name_of(winner) + " instead of " + name_of(old) +
         (tie ? ", a tie within the errors stated" : "") + unknown;
}

Json value_json(const ModelEffect& after, const ChangeEffect& before) {
  const ChangeEffect& effect = after.best;
  const auto objective = [&](const ChangeEffect& o) {
    return o.objective ? Json(rounded(*o.objective, kDigits)) : Json();
  };
  const PlanBase& base = after.base();
  return {{"model", base.model_name()},
          {"kind", base.kind()},
          {"gpu", base.gpu_name()},
          {"objective", objective(effect)},
          {"before", objective(before)},
          {"goodput_ratio", rounded(effect.goodput_ratio, kDigits)},
          {"reason", effect.objective ? "" : reason_of(after)}};
}

}  // namespace

Json change_json(const PlanStudy& study, const PlanChange& change, const std::vector<ChangeEffect>& before,
                 const std::vector<ChangeEffect>& after) {
  const auto was = by_model(study, before), is = by_model(study, after);
  const ChangeEffect* old = winner_among(study, before);
  const ChangeEffect* winner = winner_among(study, after);
  const bool unsure = is_unsure(is, old, winner);
  const bool changes = old && (winner ? name_of(old) != name_of(winner) : all_known(is));
  Json values = Json::array();
  for (const auto& [index, model] : is) values.push_back(value_json(model, was.at(index).best));
  return {{"change", change.text},
          {"factor", change.factor},
          {"winner", winner && !unsure ? Json(name_of(winner)) : Json()},
          {"winner_changes", changes && !unsure},
          {"best_of_others", unsure ? Json(name_of(winner)) : Json()},
          {"values", values},
          {"text", text_of(change, is, old, winner)}};
}

}  // namespace switchyard
