// Ranking, ties, and the near misses.
#include "sim/study/plan/winners.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include "sim/study/plan/prices.hpp"
#include "sim/trust.hpp"

namespace switchyard {
namespace {

std::string text_of(const char* format, const std::string& name, double a, double b, double share) {
  char text[200];
  std::snprintf(text, sizeof text, format, a, b, share * 100.0);
  return name + text;
}

/// How far off, as a share.
template <class Miss>
double miss_of(const Miss& miss) {
  return miss.bound == "demand" ? miss.limit / miss.value - 1.0 : miss.value / miss.limit - 1.0;
}

/// "qwen3-32b on 4 l40s (tp 2)".
std::string name_of(const PlanStudy& study, const PlanBase& base, const Layout& layout,
                    std::int64_t replicas) {
  return base.model_name() + " on " + std::to_string(replicas * layout.gpus()) + " " + base.gpu_name() +
         " (" + words_of(layout) + precision_words(study, base, ", ") + ")";
}

/// A chain's layout that would carry the most within the budget, where that is below the demand.
std::optional<Nearest> nearest_by_load(const PlanStudy& study, const PlannedChain& chain) {
  std::optional<Nearest> nearest;
  if (!study.minimises()) return nearest;
  for (const auto& [size, best] : chain.best_of_size) {
    const std::int64_t replicas = chain.base->most_gpus() / size;
    const double carries = best->carries * static_cast<double>(replicas);
    if (replicas == 0 || (nearest && nearest->value >= carries)) continue;
    nearest =
        Nearest{chain.base, best->layout, replicas, "demand", demand_of(study, *chain.base), carries, ""};
  }
  if (!nearest) return nearest;
  const std::string name = name_of(study, *chain.base, nearest->layout, nearest->replicas);
  nearest->text = text_of(" carries %.3g of the %.3g requests/s, %.0f %% too few", name, nearest->value,
                          nearest->limit, 1.0 - nearest->value / nearest->limit);
  return nearest;
}

std::optional<Nearest> nearest_by_latency(const PlanStudy& study, const PlannedChain& chain) {
  if (!chain.nearest || !chain.nearest_reading.figures.is_object()) return std::nullopt;
  Nearest nearest{chain.base, chain.nearest->layout, 1, "", 0.0, 0.0, ""};
  double worst = 0.0;
  for (const Json& bound : chain.nearest_reading.figures["slo"]) {
    if (!bound["actual_ms"].is_number()) continue;
    const double limit = bound["limit_ms"].get<double>(), value = bound["actual_ms"].get<double>();
    if (value / limit <= worst) continue;
    worst = value / limit;
    nearest.bound = bound["bound"].get<std::string>();
    nearest.limit = limit;
    nearest.value = value;
  }
  nearest.text = text_of(" is %.4g ms where %.4g ms are allowed, %.0f %% too long",
                         name_of(study, *chain.base, nearest.layout, 1) + ": " + nearest.bound, nearest.value,
                         nearest.limit, worst - 1.0);
  return nearest;
}

/// What the bound ruled out by the least.
std::optional<Nearest> nearest_by_bound(const PlanStudy& study, const PlannedChain& chain) {
  const PlannedLayout* best = nullptr;
  for (const PlannedLayout& planned : chain.layouts)
    if (planned.shortfall && (!best || miss_of(*planned.shortfall) < miss_of(*best->shortfall)))
      best = &planned;
  if (!best) return std::nullopt;
  const Shortfall& s = *best->shortfall;
  const bool load = s.bound == "demand";
  const std::int64_t replicas = load ? chain.base->most_gpus() / best->layout.gpus() : 1;
  return Nearest{chain.base,
                 best->layout,
                 replicas,
                 s.bound,
                 s.limit,
                 s.value,
                 name_of(study, *chain.base, best->layout, replicas) + ": " + best->reason};
}

std::optional<Nearest> nearest_of(const PlanStudy& study, const PlannedChain& chain) {
  if (!chain.best_of_size.empty()) return nearest_by_load(study, chain);
  return chain.nearest ? nearest_by_latency(study, chain) : nearest_by_bound(study, chain);
}

}  // namespace

std::string precision_words(const PlanStudy& study, const PlanBase& base, const char* before) {
  return study.precisions.size() > 1 ? before + base.precision() : "";
}

bool ranks_before(const PlanStudy& study, const PlannedDeployment& a, const PlannedDeployment& b) {
  if (a.objective != b.objective) return is_better(study, a.objective, b.objective);
  const auto cost_a = usd_per_hour(*a.base, a.gpus()), cost_b = usd_per_hour(*b.base, b.gpus());
  if (cost_a && cost_b && *cost_a != *cost_b) return *cost_a < *cost_b;
  return a.goodput > b.goodput;
}

std::vector<Winner> winners_of(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::map<std::size_t, const PlannedDeployment*> best;  // by model
  for (const PlannedChain& chain : chains) {
    if (!chain.best) continue;
    const auto [place, first] = best.try_emplace(chain.base->model(), &*chain.best);
    if (!first && ranks_before(study, *chain.best, *place->second)) place->second = &*chain.best;
  }
  std::vector<Winner> winners;
  for (const auto& [model, deployment] : best) winners.push_back(winner_of(*deployment));
  std::stable_sort(winners.begin(), winners.end(), [&](const Winner& a, const Winner& b) {
    return ranks_before(study, a.deployment, b.deployment);
  });
  return winners;
}

Winner winner_of(const PlannedDeployment& deployment) {
  Winner winner{deployment, trust_of(deployment.base->scenario_for(deployment.layout, deployment.load)), {}};
  winner.error = winner.trust.throughput_error;
  return winner;
}

bool is_tie(const Winner& a, const Winner& b) {
  return is_tie(Estimate{a.deployment.objective, a.error}, Estimate{b.deployment.objective, b.error},
                kSearched);
}

std::set<const PlanBase*> ties_of(const std::vector<Winner>& winners,
                                  const std::vector<PlannedChain>& chains) {
  std::set<const PlanBase*> ties;
  if (winners.empty()) return ties;
  const Winner& best = winners.front();
  for (const PlannedChain& chain : chains)
    if (chain.best && chain.base != best.deployment.base && is_tie(best, winner_of(*chain.best)))
      ties.insert({chain.base, best.deployment.base});
  return ties;
}

std::optional<Nearest> nearest_of(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::optional<Nearest> nearest;
  for (const PlannedChain& chain : chains) {
    if (chain.best) return std::nullopt;
    const std::optional<Nearest> own = nearest_of(study, chain);
    if (own && (!nearest || miss_of(*own) < miss_of(*nearest))) nearest = own;
  }
  return nearest;
}

ChainVerdict verdict_of(const PlanStudy& study, const PlannedChain& chain) {
  if (chain.best) return {"meets the SLO", ""};
  if (const std::optional<Nearest> nearest = nearest_of(study, chain))
    return {!chain.nearest && chain.best_of_size.empty() ? "bound"
            : nearest->bound == "demand"                 ? "too little"
                                                         : "misses the SLO",
            nearest->text};
  // Nothing was simulated: the reason of the largest replica, which comes nearest to fitting.
  const auto tells = [](const PlannedLayout& planned) {
    return planned.out() && planned.verdict != "beyond the budget";
  };
  const auto largest = std::find_if(chain.layouts.rbegin(), chain.layouts.rend(), tells);
  if (largest != chain.layouts.rend()) return {largest->verdict, largest->reason};
  if (!chain.layouts.empty()) return {chain.layouts.front().verdict, chain.layouts.front().reason};
  return {"no layout", "no layout's sizes go with this model"};
}

}  // namespace switchyard
