// Races of layouts by simulation, many at once.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "sim/study/plan/layouts.hpp"
#include "sim/study/plan/probes.hpp"
#include "sim/study/plan/race.hpp"

namespace switchyard {

/// How closely a rate is simulated: for so many of the longest stays that the SLO allows, within bounds.
struct Effort {
  int level = 0;
  double stays = 1.0;  // requests come in for so long
  std::int64_t fewest = 200, most = 2000;
};
inline constexpr Effort kScreening{0, 0.5, 200, 1000};
inline constexpr Effort kRefining{1, 1.5, 500, 3000};
inline constexpr Effort kComparing{1, 0.75, 300, 2000};  // of a layout with itself, or of means
inline constexpr Effort kFinal{2, 4.0, 1500, 30000};

/// At this rate requests of this effort's number come for so long as it wants; a shorter run may end before
/// its queue has grown, and carries more than a long one would.
bool lasts(const PlanBase& base, const Effort& effort, double rate);

/// Requests to send at this rate; a trace may have fewer.
std::int64_t requests_for(const PlanBase& base, const Effort& effort, double rate);

/// One race. Entrants must outlive it; what they carry and do not is written into them as it is found.
class Heat {
 public:
  /// `replicas`: of every entrant; rates are of all replicas together, what is written of one.
  Heat(std::vector<PlannedLayout*> entrants, const Effort& effort, const Race::Options& options,
       std::int64_t replicas = 1);

  bool done() const { return race_.done(); }
  std::vector<Probe> probes() const;
  void tell(const std::vector<Reading>& readings);

  const Race& race() const { return race_; }
  const std::vector<PlannedLayout*>& entrants() const { return entrants_; }
  /// Within the margin of the best, the best first.
  std::vector<PlannedLayout*> leaders() const;
  /// Of the leader, at the highest rate that it met.
  const std::optional<Probe>& best_probe() const { return best_probe_; }
  const Reading& best_reading() const { return best_reading_; }
  /// Of anyone, when nobody met the SLO: the least strained.
  const std::optional<Probe>& nearest_probe() const { return nearest_probe_; }
  const Reading& nearest_reading() const { return nearest_reading_; }

 private:
  std::vector<PlannedLayout*> entrants_;
  Effort effort_;
  std::int64_t replicas_;
  Race race_;
  std::optional<Probe> best_probe_, nearest_probe_;
  Reading best_reading_, nearest_reading_;
};

/// Gives the next heat, knowing the one before (null at first); none at the end.
using HeatSource = std::function<std::optional<Heat>(const Heat* before)>;

/// One heat, of one layout, which must outlive it.
HeatSource heat_alone(PlannedLayout& planned, const Effort& effort, const Race::Options& options);

/// Runs the heats of all sources to their end, side by side: sources must not depend on each other.
void run_heats(Prober& prober, const std::vector<HeatSource>& sources);

}  // namespace switchyard
