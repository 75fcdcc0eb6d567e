// The requests are drawn a second time: the same seed gives the same.
#include "sim/study/plan/miss_watch.hpp"

#include <algorithm>
#include <optional>

namespace switchyard {
namespace {

struct Limit {
  Seconds time;
  double may_exceed = 0.0;  // share of the requests
};

/// The bound of this figure on a percentile; the tighter in time of several.
std::optional<Limit> limit_of(const Slo& slo, const std::string& figure) {
  std::optional<Limit> limit;
  for (const Slo::Bound& bound : slo.bounds) {
    if (bound.figure != figure || (bound.statistic != "p99" && bound.statistic != "p90")) continue;
    if (limit && limit->time <= bound.limit) continue;
    limit = Limit{bound.limit, bound.statistic == "p99" ? 0.01 : 0.1};
  }
  return limit;
}

}  // namespace

MissWatch::MissWatch(const Scenario& scenario) {
  const std::optional<Limit> whole = limit_of(scenario.slo, "e2el"), first = limit_of(scenario.slo, "ttft"),
                             token = limit_of(scenario.slo, "tpot");
  const bool by_parts = first && token;
  if ((!whole && !by_parts) || scenario.workload->num_warmups > 0) return;
  const auto requests = open_requests(*scenario.workload, scenario.seed);
  while (const std::optional<Request> request = requests->next()) {
    if (!request->arrival) {
      due_.clear();
      return;
    }
    const double tokens = static_cast<double>(request->output_tokens - 1);
    due_.push_back(*request->arrival + (by_parts ? first->time + tokens * token->time : whole->time));
  }
  std::sort(due_.begin(), due_.end());
  const double share = by_parts ? first->may_exceed + token->may_exceed : whole->may_exceed;
  constexpr double kInterpolation = 2.0;  // requests, of each of two percentiles
  allowed_ = share * static_cast<double>(due_.size()) + kInterpolation;
}

bool MissWatch::sure_to_miss(const ServingProgress& progress) {
  while (due_by_now_ < due_.size() && due_[due_by_now_] < progress.clock) ++due_by_now_;
  return static_cast<double>(due_by_now_) > static_cast<double>(progress.finished) + allowed_;
}

}  // namespace switchyard
