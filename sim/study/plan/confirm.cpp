// How many replicas the demand takes, and how much all replicas of a budget carry.
#include "sim/study/plan/confirm.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard {
namespace {

/// Looks for the fewest replicas that carry the demand: down or up by growing steps, then by halves.
class Count {
 public:
  Count(const Finalist& finalist, std::int64_t most) : most_(most), replicas_(finalist.replicas) {}

  bool done() const { return done_; }
  std::int64_t replicas() const { return replicas_; }
  std::optional<std::int64_t> fewest() const { return met_; }

  void tell(bool met) {
    (met ? met_ : missed_) = replicas_;
    const std::int64_t above = missed_.value_or(0);  // no replicas carry nothing
    const bool fewest_known = met_ && *met_ == above + 1, none_carries = !met_ && replicas_ == most_;
    if (fewest_known || none_carries) done_ = true;
    else if (met_ && missed_) replicas_ = above + (*met_ - above) / 2;
    else if (met_) replicas_ = std::max<std::int64_t>(1, *met_ - step());
    else replicas_ = std::min(most_, replicas_ + step());
  }

 private:
  std::int64_t step() {
    const std::int64_t step = step_;
    step_ *= 2;
    return step;
  }

  std::int64_t most_, replicas_, step_ = 1;
  std::optional<std::int64_t> met_, missed_;
  bool done_ = false;
};

double objective_of(const PlanStudy& study, const PlannedDeployment& deployment) {
  if (!study.minimises()) return deployment.goodput;
  if (study.objective == "minimise_energy") return deployment.reading.figure("energy_per_output_token_j");
  const double gpus = static_cast<double>(deployment.gpus());
  return study.objective == "minimise_cost" ? gpus * deployment.base->usd_per_gpu_hour().value_or(0.0) : gpus;
}

/// What a finalist does at the demand.
PlannedDeployment at_demand(const PlanStudy& study, const PlannedLayout& planned, const Load& load,
                            const Reading& reading) {
  PlannedDeployment deployment{planned.base, planned.layout, load, reading};
  deployment.goodput = std::max(load.requests_per_s, planned.carries * static_cast<double>(load.replicas));
  deployment.objective = objective_of(study, deployment);
  return deployment;
}

std::vector<std::optional<PlannedDeployment>> count_replicas(const PlanStudy& study,
                                                             const std::vector<Finalist>& finalists,
                                                             Prober& prober) {
  std::vector<std::optional<PlannedDeployment>> deployments(finalists.size());
  std::deque<Count> counts;
  std::vector<Asker> askers;
  for (std::size_t i = 0; i < finalists.size(); ++i) {
    const PlannedLayout& planned = *finalists[i].planned;
    Count& count = counts.emplace_back(finalists[i], planned.base->most_gpus() / planned.layout.gpus());
    std::optional<PlannedDeployment>& best = deployments[i];
    const auto ask = [&]() -> std::vector<Probe> {
      if (count.done()) return {};
      return {demand_on(study, planned, count.replicas())};
    };
    const auto tell = [&](const std::vector<Reading>& readings) {
      const Reading& reading = readings.front();
      if (reading.met) {
        const Load load = demand_on(study, planned, count.replicas()).load;
        PlannedDeployment deployment = at_demand(study, planned, load, reading);
        if (!best || !is_better(study, best->objective, deployment.objective)) best = std::move(deployment);
      }
      count.tell(reading.met);
    };
    askers.push_back({ask, tell});
  }
  prober.answer(askers);
  return deployments;
}

std::vector<std::optional<PlannedDeployment>> raise_rates(const PlanStudy& study,
                                                          const std::vector<Finalist>& finalists,
                                                          Prober& prober) {
  std::vector<std::optional<PlannedDeployment>> deployments(finalists.size());
  std::deque<PlannedLayout> copies;  // a heat writes into its entrants
  std::vector<HeatSource> heats;
  for (std::size_t i = 0; i < finalists.size(); ++i) {
    const Finalist& finalist = finalists[i];
    PlannedLayout& copy = copies.emplace_back(*finalist.planned);
    // Many replicas' requests come for too short a time to show more than one replica did alone.
    constexpr double kNoMore = 1.01;
    const double alone = copy.carries * static_cast<double>(finalist.replicas);
    Race::Options options{.start = alone, .step = 1.05, .tolerance = 1.015, .margin = 1.0};
    if (finalist.replicas > 1) options.ceiling = kNoMore * alone;
    heats.emplace_back([&, i, options](const Heat* before) -> std::optional<Heat> {
      if (!before) return Heat({&copies[i]}, kFinal, options, finalists[i].replicas);
      if (before->best_probe()) {
        PlannedDeployment deployment{copies[i].base, copies[i].layout, before->best_probe()->load,
                                     before->best_reading()};
        deployment.goodput = before->race().carries();
        deployment.objective = objective_of(study, deployment);
        deployments[i] = std::move(deployment);
      }
      return std::nullopt;
    });
  }
  run_heats(prober, heats);
  return deployments;
}

/// The layouts of a chain to simulate whole, the most promising first.
std::vector<Finalist> finalists_of(const PlanStudy& study, const PlannedChain& chain) {
  constexpr std::size_t kMost = 2, kMostForEnergy = 6;  // sizes say less of energy (kEnergyRange, search.cpp)
  struct Hope {
    double objective, spare;
    Finalist finalist;
  };
  std::vector<Hope> hopes;
  for (const auto& [size, best] : chain.best_of_size) {
    const PlanBase& base = *chain.base;
    const std::int64_t most = base.most_gpus() / size;
    const auto replicas = study.minimises() ? replicas_for(base, size, best->carries, demand_of(study, base))
                                            : std::optional(most);
    const auto objective = switchyard::objective_of(study, base, size, best->carries);
    if (!replicas || *replicas == 0 || !objective) continue;
    hopes.push_back({*objective, best->carries * static_cast<double>(*replicas), {best, *replicas}});
  }
  std::stable_sort(hopes.begin(), hopes.end(), [&](const Hope& a, const Hope& b) {
    if (a.objective != b.objective) return is_better(study, a.objective, b.objective);
    return a.spare > b.spare;
  });
  hopes.resize(std::min(hopes.size(), study.objective == "minimise_energy" ? kMostForEnergy : kMost));
  std::vector<Finalist> finalists;
  for (const Hope& hope : hopes) finalists.push_back(hope.finalist);
  return finalists;
}

}  // namespace

Probe demand_on(const PlanStudy& study, const PlannedLayout& planned, std::int64_t replicas) {
  const double demand = demand_of(study, *planned.base);
  return {planned.base, planned.layout, {replicas, demand, requests_for(*planned.base, kFinal, demand)}};
}

std::vector<std::optional<PlannedDeployment>> confirm(const PlanStudy& study,
                                                      const std::vector<Finalist>& finalists,
                                                      Prober& prober) {
  return study.minimises() ? count_replicas(study, finalists, prober) : raise_rates(study, finalists, prober);
}

void confirm(const PlanStudy& study, std::vector<PlannedChain>& chains, Prober& prober) {
  std::vector<Finalist> finalists;
  std::vector<PlannedChain*> owners;
  for (PlannedChain& chain : chains)
    for (const Finalist& finalist : finalists_of(study, chain)) {
      finalists.push_back(finalist);
      owners.push_back(&chain);
    }
  const auto deployments = confirm(study, finalists, prober);
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    std::optional<PlannedDeployment>& best = owners[i]->best;
    if (!deployments[i]) continue;
    if (!best || is_better(study, deployments[i]->objective, best->objective) ||
        (deployments[i]->objective == best->objective && deployments[i]->goodput > best->goodput))
      best = deployments[i];
  }
}

}  // namespace switchyard
