// Screening, refining and finals of all chains side by side.
#include "sim/study/plan/search.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sim/study/plan/confirm.hpp"
#include "sim/study/plan/energy.hpp"
#include "sim/study/plan/rule_out.hpp"
#include "sim/study/plan/screening.hpp"

namespace switchyard {
namespace {

/// A layout refined once may turn out so much better than coarse counts say.
constexpr double kCoarse = 1.15, kRefined = 1.04;
/// More GPUs may spend less energy: sizes within this factor of the fewest stay. save_energy() looks at the
/// cuts again, but starts at the best of these and stays near its limits and number of GPUs: without this and
/// the finalists for energy (confirm.cpp) one of six plans ended 0.8 % above (llama-3.1-8b for 100
/// azure-conv requests/s on at most 16 H100).
constexpr double kEnergyRange = 1.5;

/// The best that a size may still turn out for the objective, and what it is sure of.
struct Prospect {
  std::int64_t size = 0;
  std::optional<double> hopes, has;
};

std::vector<Prospect> prospects_of(const PlanStudy& study, const PlannedChain& chain, const Effort& effort,
                                   double margin) {
  std::vector<Prospect> prospects;
  for (const auto& [size, best] : chain.best_of_size) {
    const double hopes =
        std::max(best->carries * margin, std::min(best->carries_not, best->carries * margin * margin));
    std::optional<double> has;
    if (lasts(*chain.base, effort, best->carries))
      has = objective_of(study, *chain.base, size, best->carries / margin);
    prospects.push_back({size, objective_of(study, *chain.base, size, hopes), has});
  }
  return prospects;
}

/// Sizes of replicas that may be the best for the objective, after races of this effort.
std::vector<std::int64_t> contenders(const PlanStudy& study, const PlannedChain& chain, const Effort& effort,
                                     double margin) {
  const std::vector<Prospect> prospects = prospects_of(study, chain, effort, margin);
  std::optional<double> sure;
  for (const Prospect& prospect : prospects)
    if (prospect.has && (!sure || is_better(study, *prospect.has, *sure))) sure = prospect.has;
  if (sure && study.objective == "minimise_energy") *sure *= kEnergyRange;
  std::vector<std::int64_t> sizes;
  for (const Prospect& prospect : prospects)
    if (prospect.hopes && (!sure || !is_better(study, *sure, *prospect.hopes)))
      sizes.push_back(prospect.size);
  return sizes;
}

/// The same ways to cut as the leaders, under every combination of engine limits.
std::vector<PlannedLayout*> variants_of(const PlanStudy& study, PlannedChain& chain,
                                        const std::vector<PlannedLayout*>& leaders, Prober& prober) {
  std::vector<PlannedLayout*> variants;
  for (PlannedLayout& planned : chain.layouts) {
    const auto same = [&](const PlannedLayout* leader) { return same_cut(planned.layout, leader->layout); };
    if (planned.out() || std::none_of(leaders.begin(), leaders.end(), same)) continue;
    apply_bound(study, planned, prober);
    if (!planned.out()) variants.push_back(&planned);
  }
  return variants;
}

void mark_behind(const Heat& heat) {
  const std::vector<PlannedLayout*> leaders = heat.leaders();
  for (PlannedLayout* entrant : heat.entrants())
    if (!leaders.empty() && entrant != leaders.front()) fall_behind(*entrant, *leaders.front());
}

/// One heat a size that may win; what wins it is the best of its size.
HeatSource one_heat(PlannedChain& chain, std::int64_t size, const std::vector<PlannedLayout*>& entrants,
                    const Effort& effort, Race::Options options,
                    std::map<std::int64_t, std::vector<PlannedLayout*>>& leaders) {
  options.start = chain.best_of_size.at(size)->carries;
  return [&chain, size, entrants, effort, options, &leaders](const Heat* before) -> std::optional<Heat> {
    if (!before) return Heat(entrants, effort, options);
    leaders[size] = before->leaders();
    if (leaders[size].empty()) chain.best_of_size.erase(size);
    else chain.best_of_size[size] = leaders[size].front();
    mark_behind(*before);
    if (!leaders[size].empty()) leaders[size].front()->verdict = leaders[size].front()->reason = "";
    return std::nullopt;
  };
}

using Leaders = std::map<std::int64_t, std::vector<PlannedLayout*>>;

void refine(const PlanStudy& study, std::vector<PlannedChain>& chains, std::vector<Leaders>& leaders,
            Prober& prober) {
  constexpr std::size_t kMostLeaders = 3;
  std::vector<HeatSource> heats;
  for (std::size_t i = 0; i < chains.size(); ++i)
    for (const std::int64_t size : contenders(study, chains[i], kScreening, kCoarse)) {
      std::vector<PlannedLayout*> best = leaders[i][size];
      best.resize(std::min(best.size(), kMostLeaders));
      heats.push_back(one_heat(chains[i], size, variants_of(study, chains[i], best, prober), kRefining,
                               {.step = 1.12, .tolerance = 1.05, .margin = 1.05}, leaders[i]));
    }
  run_heats(prober, heats);
}

void run_finals(const PlanStudy& study, std::vector<PlannedChain>& chains, std::vector<Leaders>& leaders,
                Prober& prober) {
  constexpr std::size_t kMostFinalists = 2;
  std::vector<HeatSource> heats;
  for (std::size_t i = 0; i < chains.size(); ++i)
    for (const std::int64_t size : contenders(study, chains[i], kRefining, kRefined)) {
      std::vector<PlannedLayout*> best = leaders[i][size];
      best.resize(std::min(best.size(), kMostFinalists));
      heats.push_back(one_heat(chains[i], size, best, kFinal,
                               {.step = 1.06, .tolerance = 1.015, .margin = 1.0}, leaders[i]));
    }
  run_heats(prober, heats);
}

}  // namespace

std::optional<std::int64_t> replicas_for(const PlanBase& base, std::int64_t gpus, double carried,
                                         double demand) {
  constexpr double kRounding = 1e-9;
  if (carried <= 0.0) return std::nullopt;
  const double wanted = std::max(1.0, std::ceil(demand / carried - kRounding));
  const std::int64_t most = base.most_gpus() / gpus;
  if (wanted > static_cast<double>(most)) return std::nullopt;
  return static_cast<std::int64_t>(wanted);
}

double demand_of(const PlanStudy& study, const PlanBase& base) {
  return study.minimises() ? base.scenario().workload->arrivals.rate : 0.0;
}

std::optional<double> objective_of(const PlanStudy& study, const PlanBase& base, std::int64_t gpus,
                                   double carried) {
  if (!study.minimises()) {
    const std::int64_t replicas = base.most_gpus() / gpus;
    if (replicas == 0 || carried <= 0.0) return std::nullopt;
    return static_cast<double>(replicas) * carried;
  }
  const auto replicas = replicas_for(base, gpus, carried, demand_of(study, base));
  if (!replicas) return std::nullopt;
  const double all = static_cast<double>(*replicas * gpus);
  return study.objective == "minimise_cost" ? all * base.usd_per_gpu_hour().value_or(0.0) : all;
}

bool is_better(const PlanStudy& study, double a, double b) { return study.minimises() ? a < b : a > b; }

std::vector<PlannedChain> search(const PlanStudy& study, const std::deque<PlanBase>& bases, Prober& prober) {
  std::vector<PlannedChain> chains;
  for (const PlanBase& base : bases) {
    PlannedChain chain;
    chain.base = &base;
    chain.layouts = layouts_of(base, study.layouts);
    chains.push_back(std::move(chain));
  }
  prober.begin("screening");
  std::vector<Leaders> leaders = screen(study, chains, prober);
  prober.begin("refining");
  refine(study, chains, leaders, prober);
  prober.begin("finals");
  run_finals(study, chains, leaders, prober);
  prober.begin("confirming");
  confirm(study, chains, prober);
  if (study.objective == "minimise_energy") {
    prober.begin("saving energy");
    save_energy(study, chains, prober);
  }
  return chains;
}

}  // namespace switchyard
