// Ladders of loads, and the points on the edge.
#include "sim/study/plan/frontier.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "sim/base/rounding.hpp"

namespace switchyard {
namespace {

constexpr int kDigits = 6;
constexpr std::int64_t kLargestPlain =
    8;  // GPUs; tensor parallelism beyond a node is not what is the fastest
constexpr std::array<double, 4> kLadder = {0.05, 0.3, 0.65, 1.0};  // of what a layout carries
constexpr std::array<double, 7> kCurve = {0.05, 0.2, 0.4, 0.6, 0.8, 1.0, 1.15};

struct Point {
  const PlanBase* base = nullptr;
  Json json;
  double per_gpu = 0.0, per_user = 0.0;
};

/// No other is at least as good in both and better in one.
template <class Points>
bool is_beaten(const Point& point, const Points& others) {
  return std::any_of(others.begin(), others.end(), [&](const Point& other) {
    return other.per_gpu >= point.per_gpu && other.per_user >= point.per_user &&
           (other.per_gpu > point.per_gpu || other.per_user > point.per_user);
  });
}

Json point_json(const Probe& probe, const Reading& reading) {
  return {{"gpu", probe.base->gpu_name()},
          {"precision", probe.base->precision()},
          {"layout", words_of(probe.layout)},
          {"gpus", probe.load.replicas * probe.layout.gpus()},
          {"rate_requests_per_s", probe.load.requests_per_s},
          {"tokens_per_s_per_gpu", rounded(reading.figure("tokens_per_s_per_gpu"), kDigits)},
          {"tokens_per_s_per_user", rounded(reading.figure("tokens_per_s_per_user"), kDigits)},
          {"ttft_p99_ms", rounded(reading.figure("p99_ttft_ms"), kDigits)},
          {"tpot_p99_ms", rounded(reading.figure("p99_tpot_ms"), kDigits)},
          {"slo_met", reading.met}};
}

Probe probe_at(const PlanBase& base, const Layout& layout, std::int64_t replicas, double rate) {
  const double written = rounded(rate, kDigits);
  return {&base, layout, {replicas, written, requests_for(base, kComparing, written)}, Until::end};
}

bool is_plain(const PlannedLayout& planned) {
  const Deployment& d = planned.layout.deployment;
  return d.pipeline_parallel_size == 1 && d.data_parallel_size == 1 && !d.enable_expert_parallel;
}

/// The best of each size, and the first plain one of each size.
std::vector<const PlannedLayout*> ladder_layouts(const PlannedChain& chain) {
  std::map<std::int64_t, const PlannedLayout*> plain;
  for (const PlannedLayout& planned : chain.layouts)
    if (is_plain(planned) && planned.level >= 0 && planned.carries_not > 0.0 &&
        planned.layout.gpus() <= kLargestPlain)
      plain.try_emplace(planned.layout.gpus(), &planned);
  std::vector<const PlannedLayout*> layouts;
  for (const auto& [size, best] : chain.best_of_size) layouts.push_back(best);
  for (const auto& [size, planned] : plain)
    if (std::find(layouts.begin(), layouts.end(), planned) == layouts.end()) layouts.push_back(planned);
  return layouts;
}

std::vector<Probe> ladder(const std::vector<PlannedChain>& chains) {
  std::vector<Probe> probes;
  for (const PlannedChain& chain : chains)
    for (const PlannedLayout* planned : ladder_layouts(chain)) {
      const double most = planned->carries > 0.0 ? planned->carries : planned->carries_not;
      for (const double share : kLadder)
        probes.push_back(probe_at(*chain.base, planned->layout, 1, share * most));
    }
  return probes;
}

}  // namespace

Json frontier_json(const std::vector<PlannedChain>& chains, Prober& prober) {
  const std::vector<Probe> probes = ladder(chains);
  const std::vector<Reading> readings = prober.read(probes);
  std::map<std::size_t, std::vector<Point>> by_model;
  std::vector<Point> all;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const Point point{probes[i].base, point_json(probes[i], readings[i]),
                      readings[i].figure("tokens_per_s_per_gpu"),
                      readings[i].figure("tokens_per_s_per_user")};
    if (point.per_gpu <= 0.0 || point.per_user <= 0.0) continue;
    by_model[point.base->model()].push_back(point);
    all.push_back(point);
  }
  Json frontier = Json::array();
  for (auto& [model, points] : by_model) {
    std::stable_sort(points.begin(), points.end(),
                     [](const Point& a, const Point& b) { return a.per_user < b.per_user; });
    Json series = {{"model", points.front().base->model_name()},
                   {"kind", points.front().base->kind()},
                   {"points", Json::array()}};
    for (Point& point : points) {
      if (is_beaten(point, points)) continue;
      point.json["on_frontier"] = !is_beaten(point, all);
      series["points"].push_back(point.json);
    }
    frontier.push_back(std::move(series));
  }
  return frontier;
}

std::vector<Json> winner_curves(const std::vector<Winner>& winners, Prober& prober) {
  std::vector<Probe> probes;
  for (const Winner& winner : winners)
    for (const double share : kCurve)
      probes.push_back(probe_at(*winner.deployment.base, winner.deployment.layout,
                                winner.deployment.load.replicas, share * winner.deployment.goodput));
  const std::vector<Reading> readings = prober.read(probes);
  std::vector<Json> curves(winners.size(), Json::array());
  for (std::size_t i = 0; i < probes.size(); ++i)
    curves[i / kCurve.size()].push_back(point_json(probes[i], readings[i]));
  return curves;
}

}  // namespace switchyard
