// What a service-level objective asks of a run, and how many requests a second that leaves.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/study/bound/request_bound.hpp"

namespace switchyard {
namespace {

constexpr double kEndless = std::numeric_limits<double>::infinity();

double real(std::int64_t number) { return static_cast<double>(number); }

/// Of how many of n requests at least a statistic says something; of a mean nothing.
double share_of(const std::string& statistic, double n) {
  const double share = statistic == "p99"      ? 0.99
                       : statistic == "p90"    ? 0.9
                       : statistic == "median" ? 0.5
                                               : 0.0;
  return share == 0.0 ? 0.0 : std::floor(share * (n - 1.0)) + 1.0;
}

std::vector<double> sorted_decodes(std::span<const RequestLengths> requests) {
  std::vector<double> decodes;
  for (const RequestLengths& request : requests) decodes.push_back(real(request.output - 1));
  std::sort(decodes.begin(), decodes.end());
  return decodes;
}

}  // namespace

Seconds RequestBound::decode_step(double sequences) const {
  const EngineProfile& engine = scenario_.engine.profile;
  const double share = sequences / stages_;
  Seconds time = engine.host_time_per_step + engine.host_time_per_sequence * sequences;
  Seconds longest;
  for (const LeastLines::Line& line : work_.tokens.lines()) longest = std::max(longest, line.of(1.0, share));
  time += longest + work_.routed.of(1.0, share);
  if (preempts_) return time;
  for (const LeastWork::Attention& attention : work_.attentions) {
    const double keys = std::min(
        most_.least_context, real(attention.most_keys.value_or(std::numeric_limits<std::int64_t>::max())));
    time += attention.decode.of(0.0, share * keys);
  }
  return time;
}

/// A round of q decodes on some rank takes at least step(q), which is convex: at least A + B q, its tangent
/// where step = limit. If the steps of N tokens last `limit` on average, limit N >= sum q step(q) >= A N + B
/// sum q^2 >= A N + B N^2 / rounds (Cauchy and Schwarz): rounds >= N / q there.
double RequestBound::most_together(Seconds limit) const {
  if (decode_step(0.0) >= limit) return 0.0;
  double enough = 0.0, most = most_.sequences;
  if (decode_step(most) <= limit) return most;
  for (int halvings = 0; halvings < 60; ++halvings) {
    const double middle = 0.5 * (enough + most);
    (decode_step(middle) <= limit ? enough : most) = middle;
  }
  return most;
}

/// Steps in which so many of the fastest requests decode, when a run meets the slo.
double RequestBound::rounds_within(const Slo& slo) const {
  const std::vector<double> decodes = sorted_decodes(requests_);
  const auto several = std::upper_bound(decodes.begin(), decodes.end(), 0.0);
  const auto n = static_cast<double>(decodes.end() - several);
  double rounds = 0.0;
  for (const Slo::Bound& bound : slo.bounds) {
    if (bound.figure != "tpot" || n == 0.0) continue;
    const auto good = static_cast<std::ptrdiff_t>(share_of(bound.statistic, n));
    const double sum = std::accumulate(several, several + good, 0.0);
    if (sum == 0.0) continue;
    const double together = most_together(bound.limit);
    if (together == 0.0) return kEndless;
    rounds = std::max(rounds, sum / (ranks_ * together));
  }
  return rounds;
}

double RequestBound::rate_within(const Slo& slo) const {
  const double rounds = std::max(least_rounds(totals_), rounds_within(slo));
  return std::isinf(rounds) ? 0.0 : rate(totals_.requests, time(totals_, rounds));
}

/// So many requests at least are done by so long after the last arrival.
struct RequestBound::Done {
  double requests = 0.0;
  Seconds after;
  std::optional<Seconds> tpot;  // that none of them exceeds
};

/// Those that both bounds on ttft and tpot hold for, or the one on e2el.
std::vector<RequestBound::Done> RequestBound::done_within(const Slo& slo) const {
  std::int64_t longest = 1;
  double several = 0.0;
  for (const RequestLengths& request : requests_) {
    longest = std::max(longest, request.output);
    several += request.output > 1 ? 1.0 : 0.0;
  }
  std::vector<Done> done;
  for (const Slo::Bound& first : slo.bounds) {
    const double n = totals_.requests, by_first = share_of(first.statistic, n);
    if (first.figure == "e2el") done.push_back({by_first, first.limit, std::nullopt});
    if (first.figure != "ttft") continue;
    if (several == 0.0) done.push_back({by_first, first.limit, std::nullopt});
    for (const Slo::Bound& each : slo.bounds)
      if (each.figure == "tpot" && several > 0.0)
        done.push_back({by_first - (several - share_of(each.statistic, several)),
                        first.limit + each.limit * real(longest - 1), each.limit});
  }
  return done;
}

/// Between the first arrival and that date the replicas have done the work of those requests.
double RequestBound::offered_rate_within(const Slo& slo) const {
  const Workload::Arrivals& arrivals = scenario_.workload->arrivals;
  double most = kEndless;
  if (arrivals.rate <= 0.0) return most;
  const double span = requests_.back().arrival - requests_.front().arrival;
  for (const Done& done : done_within(slo)) {
    if (done.requests <= 0.0) continue;
    const Totals least = totals_of_least(done.requests);
    double rounds = least_rounds(least);
    if (done.tpot && least.decodes > 0.0)
      rounds = std::max(rounds, least.decodes / (ranks_ * most_together(*done.tpot)));
    const Seconds work = time(least, rounds);
    const Seconds before = work / real(scenario_.deployment.replicas) - done.after;
    if (before > Seconds(0.0)) most = std::min(most, span / before.value());
  }
  return most;
}

}  // namespace switchyard
