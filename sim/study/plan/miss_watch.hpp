// Tells during a run that it can no longer meet the SLO: overloaded runs take the longest, and a search needs
// no more of them than that.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/scenario.hpp"
#include "sim/serving/serve.hpp"

namespace switchyard {

/// The proof: a request that meets its ttft bound and its tpot bound ends by arrival + ttft + (output - 1) x
/// tpot, one that meets its e2el bound by arrival + e2el. Of a percentile p of n requests at most
/// (1 - p) x (n - 1) + 1 may exceed the bound. So when more requests than that are due and not finished, the
/// percentile is missed. Bounds on means, medians and itl give no such date, nor do runs with warm-ups.
class MissWatch {
 public:
  explicit MissWatch(const Scenario& scenario);

  /// True from then on for this run, whatever still comes.
  bool sure_to_miss(const ServingProgress& progress);

 private:
  std::vector<Seconds> due_;    // of all requests, in order; empty where the SLO gives no dates
  std::size_t due_by_now_ = 0;  // of them
  double allowed_ = 0.0;        // that may exceed
};

}  // namespace switchyard
