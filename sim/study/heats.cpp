// Rounds: every source's current heat says what it wants to know, all of it is simulated together.
#include "sim/study/heats.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/rounding.hpp"

namespace switchyard {
namespace {

/// More than the bound would be missed, so nobody tries.
std::vector<double> most_of(const std::vector<PlannedLayout*>& entrants, std::int64_t replicas) {
  std::vector<double> most;
  for (const PlannedLayout* entrant : entrants)
    most.push_back(entrant->most_requests_per_s * static_cast<double>(replicas));
  return most;
}

bool is_nearer(const Reading& reading, const Reading& best) {
  if (reading.strain <= 0.0) return false;
  return best.strain <= 0.0 || reading.strain < best.strain;
}

}  // namespace

std::int64_t requests_for(const PlanBase& base, const Effort& effort, double rate) {
  const double wanted = std::ceil(rate * effort.stays * base.longest_stay().value());
  return std::clamp(static_cast<std::int64_t>(std::min(wanted, 1e9)), effort.fewest, effort.most);
}

Heat::Heat(std::vector<PlannedLayout*> entrants, const Effort& effort, const Race::Options& options,
           std::int64_t replicas)
    : entrants_(std::move(entrants)),
      effort_(effort),
      replicas_(replicas),
      race_(options, most_of(entrants_, replicas)) {}

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
    if (is_nearer(readings[i], nearest_reading_)) {
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

void run_heats(Prober& prober, const std::vector<HeatSource>& sources) {
  std::vector<std::optional<Heat>> heats;
  for (const HeatSource& source : sources) heats.push_back(source(nullptr));
  while (true) {
    std::vector<Probe> probes;
    for (std::size_t i = 0; i < heats.size(); ++i) {
      while (heats[i] && heats[i]->done()) heats[i] = sources[i](&*heats[i]);
      if (!heats[i]) continue;
      const std::vector<Probe> wanted = heats[i]->probes();
      probes.insert(probes.end(), wanted.begin(), wanted.end());
    }
    if (probes.empty()) return;
    const std::vector<Reading> readings = prober.read(probes);
    auto next = readings.begin();
    for (std::optional<Heat>& heat : heats) {
      if (!heat) continue;
      const auto end = next + static_cast<std::ptrdiff_t>(heat->race().runners().size());
      heat->tell({next, end});
      next = end;
    }
  }
}

}  // namespace switchyard
