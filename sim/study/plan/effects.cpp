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

/// The best of each model, in the models' order.
std::map<std::size_t, ChangeEffect> best_of_models(const PlanStudy& study,
                                                   const std::vector<ChangeEffect>& effects) {
  std::map<std::size_t, ChangeEffect> best;
  for (const ChangeEffect& effect : effects) {
    const auto [place, first] = best.try_emplace(effect.subject->chain->base->model(), effect);
    if (first || !effect.objective) continue;
    if (!place->second.objective || is_better(study, *effect.objective, *place->second.objective))
      place->second = effect;
  }
  return best;
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

bool all_known(const std::map<std::size_t, ChangeEffect>& effects) {
  return std::all_of(effects.begin(), effects.end(), [](const auto& entry) { return entry.second.known; });
}

/// "misses the SLO at any load", or by model where they differ.
std::string reasons_of(const std::map<std::size_t, ChangeEffect>& effects) {
  std::set<std::string> different;
  std::vector<std::string> by_model;
  for (const auto& [model, effect] : effects) {
    different.insert(effect.reason);
    by_model.push_back(name_of(&effect) + ": " + effect.reason);
  }
  return different.size() == 1 ? *different.begin() : in_words(by_model);
}

std::string text_of(const PlanChange& change, const std::map<std::size_t, ChangeEffect>& is,
                    const ChangeEffect* old, const ChangeEffect* winner) {
  const std::string text = "With " + change.text + " ";
  if (!winner && all_known(is))
    return text + "no model is left whose best deployments meet the SLO within the budget (" +
           reasons_of(is) + ").";
  if (!winner) return text + "nothing can be said (" + reasons_of(is) + ").";
  if (!old || name_of(old) == name_of(winner)) return text + name_of(winner) + " stays the best.";
  const ChangeEffect& same = is.at(old->subject->chain->base->model());
  const bool tie = same.objective && is_tie(estimate_of(*winner), estimate_of(same),
                                            change.factor == "price" ? kSearched : kCompared);
  return text + "the best is " + name_of(winner) + " instead of " + name_of(old) +
         (tie ? ", a tie within the errors stated." : ".");
}

Json value_json(const ChangeEffect& effect, const ChangeEffect& before) {
  const auto objective = [&](const ChangeEffect& o) {
    return o.objective ? Json(rounded(*o.objective, kDigits)) : Json();
  };
  const PlanBase& base = *effect.subject->chain->base;
  return {{"model", base.model_name()},
          {"kind", base.kind()},
          {"gpu", base.gpu_name()},
          {"objective", objective(effect)},
          {"before", objective(before)},
          {"goodput_ratio", rounded(effect.goodput_ratio, kDigits)},
          {"reason", effect.objective ? "" : effect.reason}};
}

}  // namespace

Json change_json(const PlanStudy& study, const PlanChange& change, const std::vector<ChangeEffect>& before,
                 const std::vector<ChangeEffect>& after) {
  const auto was = best_of_models(study, before), is = best_of_models(study, after);
  const ChangeEffect* old = winner_among(study, before);
  const ChangeEffect* winner = winner_among(study, after);
  Json values = Json::array();
  for (const auto& [model, effect] : is) values.push_back(value_json(effect, was.at(model)));
  return {{"change", change.text},
          {"factor", change.factor},
          {"winner", winner ? Json(name_of(winner)) : Json()},
          {"winner_changes", old && (winner ? name_of(old) != name_of(winner) : all_known(is))},
          {"values", values},
          {"text", text_of(change, is, old, winner)}};
}

}  // namespace switchyard
