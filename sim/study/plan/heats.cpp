// Every source's current heat asks for its next rate as soon as the last is known.
#include "sim/study/plan/heats.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/base/rounding.hpp"

namespace switchyard {
namespace {

double requests_wanted(const PlanBase& base, const Effort& effort, double rate) {
  return std::ceil(rate * effort.stays * base.longest_stay().value());
}

std::int64_t most_requests(const PlanBase& base, const Effort& effort) {
  return std::min(effort.most, base.most_requests().value_or(effort.most));
}

/// At less load everything is nearer to the SLO.
bool is_nearer(const Probe& probe, const Reading& reading, const std::optional<Probe>& best,
               const Reading& best_reading) {
  if (reading.strain <= 0.0) return false;
  if (!best || probe.load.requests_per_s != best->load.requests_per_s)
    return !best || probe.load.requests_per_s < best->load.requests_per_s;
  return reading.strain < best_reading.strain;
}

}  // namespace

bool lasts(const PlanBase& base, const Effort& effort, double rate) {
  return requests_wanted(base, effort, rate) <= static_cast<double>(most_requests(base, effort));
}

std::int64_t requests_for(const PlanBase& base, const Effort& effort, double rate) {
  const double wanted = std::min(requests_wanted(base, effort, rate), 1e9);
  return std::min(std::max(static_cast<std::int64_t>(wanted), effort.fewest), most_requests(base, effort));
}

Heat::Heat(std::vector<PlannedLayout*> entrants, const Effort& effort, const Race::Options& options,
           std::int64_t replicas)
    : entrants_(std::move(entrants)),
      effort_(effort),
      replicas_(replicas),
      race_(options, entrants_.size()) {}

std::vector<Probe> Heat::probes() const {
  constexpr int kDigits = 6;  // a rate is written with no more
  std::vector<Probe> probes;
  for (const std::size_t runner : race_.runners()) {
    const PlannedLayout& entrant = *entrants_[runner];
    const double rate = rounded(race_.rate(), kDigits);
    probes.push_back(
        {entrant.base, entrant.layout, {replicas_, rate, requests_for(*entrant.base, effort_, rate)}});
  }
  return probes;
}

void Heat::tell(const std::vector<Reading>& readings) {
  const std::vector<Probe> probes = this->probes();
  const std::vector<std::size_t> runners = race_.runners();
  std::vector<bool> met;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    met.push_back(readings[i].met);
    if (readings[i].met &&
        (!best_probe_ || probes[i].load.requests_per_s > best_probe_->load.requests_per_s)) {
      best_probe_ = probes[i];
      best_reading_ = readings[i];
    }
    if (is_nearer(probes[i], readings[i], nearest_probe_, nearest_reading_)) {
      nearest_probe_ = probes[i];
      nearest_reading_ = readings[i];
    }
  }
  race_.tell(met);
  for (const std::size_t runner : runners) {
    PlannedLayout& entrant = *entrants_[runner];
    entrant.level = effort_.level;
    entrant.carries = race_.carries(runner) / static_cast<double>(replicas_);
    entrant.carries_not = race_.carries_not(runner) / static_cast<double>(replicas_);
  }
}

std::vector<PlannedLayout*> Heat::leaders() const {
  std::vector<PlannedLayout*> leaders;
  for (const std::size_t leader : race_.leaders()) leaders.push_back(entrants_[leader]);
  return leaders;
}

HeatSource heat_alone(PlannedLayout& planned, const Effort& effort, const Race::Options& options) {
  return [&planned, effort, options](const Heat* before) -> std::optional<Heat> {
    if (before) return std::nullopt;
    return Heat({&planned}, effort, options);
  };
}

void run_heats(Prober& prober, const std::vector<HeatSource>& sources) {
  std::vector<std::optional<Heat>> heats(sources.size());
  std::vector<Asker> askers;
  for (std::size_t i = 0; i < heats.size(); ++i)
    askers.push_back({[&, i, begun = false]() mutable {
                        if (!std::exchange(begun, true)) heats[i] = sources[i](nullptr);
                        while (heats[i] && heats[i]->done()) heats[i] = sources[i](&*heats[i]);
                        return heats[i] ? heats[i]->probes() : std::vector<Probe>();
                      },
                      [&, i](const std::vector<Reading>& readings) { heats[i]->tell(readings); }});
  prober.answer(askers);
}

}  // namespace switchyard
