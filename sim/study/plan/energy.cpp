// Rounds of probes at the demand, fewer layouts in each.
#include "sim/study/plan/energy.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/study/plan/confirm.hpp"
#include "sim/study/plan/rule_out.hpp"

namespace switchyard {
namespace {

/// Idle GPUs draw power, so that deployments of many more GPUs than the best has save nothing.
constexpr double kMoreGpus = 1.5;
constexpr std::size_t kCuts = 3, kFinalists = 2;

struct Candidate {
  PlannedChain* chain = nullptr;
  PlannedLayout* planned = nullptr;
  std::int64_t replicas = 1;
  double energy = 0.0;  // J an output token; 0: the SLO is missed
};
using Candidates = std::vector<Candidate>;

/// Whether a simulation might find that the layout meets the SLO.
bool has_hope(const PlanStudy& study, PlannedLayout& planned, Prober& prober) {
  apply_bound(study, planned, prober);
  for (const char* verdict : {"does not fit", "bound", "beyond the budget", "requests too long"})
    if (planned.verdict == verdict) return false;
  return true;
}

std::int64_t most_gpus(const PlannedChain& chain) {
  const auto more =
      static_cast<std::int64_t>(std::floor(static_cast<double>(chain.best->gpus()) * kMoreGpus));
  return std::min(more, chain.base->most_gpus());
}

/// As many as carry the demand, as far as is known, else as many GPUs as the best has.
std::int64_t replicas_of(const PlanStudy& study, const PlannedChain& chain, const PlannedLayout& planned) {
  const std::int64_t size = planned.layout.gpus();
  const std::int64_t as_best = (chain.best->gpus() + size - 1) / size;
  return replicas_for(*chain.base, size, planned.carries, demand_of(study, *chain.base)).value_or(as_best);
}

bool same_limits(const Layout& a, const Layout& b) {
  return a.max_num_seqs == b.max_num_seqs && a.max_num_batched_tokens == b.max_num_batched_tokens;
}

/// Every cut under the limits of the best, on as many replicas as the demand takes and on one more: what one
/// carries is seldom known closely here, and more may also spend less.
Candidates all_cuts(const PlanStudy& study, PlannedChain& chain, Prober& prober) {
  Candidates candidates;
  for (PlannedLayout& planned : chain.layouts) {
    if (!same_limits(planned.layout, chain.best->layout) || !has_hope(study, planned, prober)) continue;
    const std::int64_t fewest = replicas_of(study, chain, planned);
    for (const std::int64_t replicas : {fewest, fewest + 1})
      if (replicas * planned.layout.gpus() <= most_gpus(chain))
        candidates.push_back({&chain, &planned, replicas});
  }
  return candidates;
}

/// The same cuts under every combination of limits.
Candidates all_limits(const PlanStudy& study, const Candidates& cuts, Prober& prober) {
  Candidates candidates;
  for (const Candidate& cut : cuts)
    for (PlannedLayout& planned : cut.chain->layouts)
      if (same_cut(planned.layout, cut.planned->layout) && has_hope(study, planned, prober))
        candidates.push_back({cut.chain, &planned, cut.replicas});
  return candidates;
}

void measure(const PlanStudy& study, Candidates& candidates, Prober& prober) {
  std::vector<Probe> probes;
  for (const Candidate& candidate : candidates) {
    candidate.planned->at_demand = true;
    const PlanBase& base = *candidate.chain->base;
    const double demand = demand_of(study, base);
    probes.push_back({&base,
                      candidate.planned->layout,
                      {candidate.replicas, demand, requests_for(base, kComparing, demand)}});
  }
  const std::vector<Reading> readings = prober.read(probes);
  for (std::size_t i = 0; i < readings.size(); ++i)
    candidates[i].energy = readings[i].met ? readings[i].figure("energy_per_output_token_j") : 0.0;
}

/// Of each chain the so many of least energy; of equal ones the first.
Candidates least(Candidates candidates, std::size_t many) {
  std::erase_if(candidates, [](const Candidate& candidate) { return candidate.energy <= 0.0; });
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.energy < b.energy; });
  Candidates kept;
  for (const Candidate& candidate : candidates) {
    const auto own = std::count_if(kept.begin(), kept.end(),
                                   [&](const Candidate& other) { return other.chain == candidate.chain; });
    if (static_cast<std::size_t>(own) < many) kept.push_back(candidate);
  }
  return kept;
}

/// What each carries, for the headroom: the leaders of other rounds know it already. A layout that is in it
/// with more and with fewer replicas races once.
void race(const PlanStudy& study, const Candidates& candidates, Prober& prober) {
  std::vector<HeatSource> heats;
  std::set<const PlannedLayout*> entrants;
  for (const Candidate& candidate : candidates) {
    PlannedLayout* planned = candidate.planned;
    if (planned->level >= kFinal.level || !entrants.insert(planned).second) continue;
    Race::Options options{.step = 1.12, .tolerance = 1.05, .margin = 1.0};
    options.start = demand_of(study, *candidate.chain->base) / static_cast<double>(candidate.replicas);
    heats.push_back(heat_alone(*planned, kFinal, options));
  }
  run_heats(prober, heats);
}

}  // namespace

void save_energy(const PlanStudy& study, std::vector<PlannedChain>& chains, Prober& prober) {
  Candidates candidates;
  for (PlannedChain& chain : chains) {
    if (!chain.best) continue;
    const Candidates own = all_cuts(study, chain, prober);
    candidates.insert(candidates.end(), own.begin(), own.end());
  }
  measure(study, candidates, prober);
  candidates = all_limits(study, least(candidates, kCuts), prober);
  measure(study, candidates, prober);
  candidates = least(candidates, kFinalists);
  race(study, candidates, prober);
  std::vector<Finalist> finalists;
  for (const Candidate& candidate : candidates) finalists.push_back({candidate.planned, candidate.replicas});
  const auto deployments = confirm(study, finalists, prober);
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    std::optional<PlannedDeployment>& best = candidates[i].chain->best;
    if (deployments[i] && deployments[i]->objective < best->objective) best = deployments[i];
  }
}

}  // namespace switchyard
