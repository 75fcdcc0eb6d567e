// From the least work of steps to the least times of requests, and to the most requests a second.
#include "sim/study/bound/bound.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/menu.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/plan/layer_times.hpp"
#include "sim/serving/scheduler.hpp"
#include "sim/study/bound/least_work.hpp"
#include "sim/study/bound/request_bound.hpp"
#include "sim/system.hpp"

namespace switchyard {
namespace {

/// Steps' ends are sums of many times: rounding may make a run shorter than its parts by so much.
constexpr double kRounding = 1.0 - 1e-9;

std::vector<RequestLengths> draw(const Scenario& scenario) {
  Workload workload = *scenario.workload;
  if (workload.arrivals.rate > 0.0) workload.arrivals.rate = 1.0;
  const std::unique_ptr<RequestStream> stream = open_requests(workload, scenario.seed);
  std::vector<RequestLengths> lengths;
  std::int64_t warmups = scenario.workload->num_warmups;
  while (const std::optional<Request> request = stream->next())
    if (warmups-- <= 0)
      lengths.push_back({request->prompt_tokens, request->output_tokens,
                         request->arrival.value_or(Seconds(0.0)).value() * workload.arrivals.rate});
  return lengths;
}

/// One for each tensor-parallel group of the deployment.
std::vector<Collective> all_reduces(const Scenario& scenario, const LinkGraph& graph) {
  const Deployment& d = scenario.deployment;
  const CollectiveParameters parameters =
      collective_parameters(scenario.cluster, graph, static_cast<GpuId>(d.gpus()));
  const CollectiveImplementation& implementation =
      choose_implementation("all_reduce", scenario.engine.profile.all_reduce, "all_reduce");
  std::vector<Collective> groups;
  for (std::int64_t replica = 0; replica < d.replicas; ++replica)
    for (std::int64_t dp = 0; dp < d.data_parallel_size; ++dp)
      for (std::int64_t pp = 0; pp < d.pipeline_parallel_size; ++pp)
        groups.push_back(implementation.make(graph, tensor_group(d, replica, dp, pp), parameters));
  return groups;
}

bool fits(const RequestLengths& request, const EngineLimits& limits, const MemoryFit& memory) {
  const std::int64_t tokens = request.prompt + request.output;
  return tokens <= limits.max_model_len && tokens - 1 <= memory.kv_tokens();
}

/// Each request at its own least. Intervals of a request are no shorter than its first.
Latencies least_latencies(const RequestBound& bound, std::span<const RequestLengths> requests) {
  Latencies least;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const RequestLengths& request = requests[i];
    const RequestBound::Times& times = bound.least()[i];
    const std::int64_t intervals = request.output - 1;
    least.ttft.add(times.ttft * kRounding);
    least.e2el.add(times.e2el(request) * kRounding);
    if (intervals == 0) continue;
    least.tpot.add(times.tpot * kRounding);
    least.itl.add(bound.tpot({request.prompt, 2}) * kRounding, static_cast<std::uint64_t>(intervals));
  }
  for (Samples* samples : {&least.ttft, &least.tpot, &least.itl, &least.e2el}) samples->sort();
  return least;
}

}  // namespace

struct Bounds::Shared {
  struct Costs {
    std::string engine;
    EngineEfficiency efficiency;
    LeastCosts costs;
  };
  template <class Value>
  using Named = std::deque<std::pair<std::string, Value>>;

  std::deque<Costs> costs;
  Named<std::vector<RequestLengths>> requests;
  Named<LinkGraph> graphs;
  Named<std::vector<Collective>> groups;

  const LeastCosts& costs_of(const Scenario& scenario) {
    const EngineOptions& engine = scenario.engine;
    for (const Costs& known : costs)
      if (known.engine == engine.wish && known.efficiency == engine.profile.efficiency &&
          known.costs.exact->gpu() == scenario.cluster.gpu)
        return known.costs;
    costs.push_back({engine.wish, engine.profile.efficiency, LeastCosts(build_cost(scenario))});
    return costs.back().costs;
  }

  /// The rate of arrivals has no say in lengths, and only stretches arrivals.
  const std::vector<RequestLengths>& requests_of(const Scenario& scenario) {
    Json workload = to_json(*scenario.workload);
    if (workload.contains("arrivals") && workload["arrivals"].is_object()) workload["arrivals"].erase("rate");
    return remembered(requests, std::to_string(scenario.seed) + workload.dump(),
                      [&] { return draw(scenario); });
  }

  const std::vector<Collective>& groups_of(const Scenario& scenario) {
    const Deployment& d = scenario.deployment;
    if (d.tensor_parallel_size == 1) return remembered(groups, "", [] { return std::vector<Collective>(); });
    const std::string cluster = scenario.json.at("cluster").dump();
    const std::string layout = cluster + " " + std::to_string(d.tensor_parallel_size) + " of " +
                               std::to_string(d.gpus()) + " " + scenario.engine.profile.all_reduce;
    return remembered(groups, layout, [&] {
      return all_reduces(scenario, remembered(graphs, cluster, [&] { return LinkGraph(scenario.cluster); }));
    });
  }

 private:
  static constexpr std::size_t kMost = 64;  // of a kind: layouts come in some order

  template <class Value, class Make>
  static const Value& remembered(Named<Value>& known, const std::string& name, Make make) {
    for (const auto& [of, value] : known)
      if (of == name) return value;
    if (known.size() == kMost) known.pop_front();
    known.emplace_back(name, make());
    return known.back().second;
  }
};

Bounds::Bounds() : shared_(std::make_unique<Shared>()) {}
Bounds::~Bounds() = default;

std::shared_ptr<const OperatorCost> Bounds::cost_of(const Scenario& scenario) {
  return shared_->costs_of(scenario).exact;
}

Bound Bounds::of(const Scenario& scenario, const MemoryFit& memory) {
  const std::vector<RequestLengths>& all = shared_->requests_of(scenario);
  std::vector<RequestLengths> requests;
  for (const RequestLengths& request : all)
    if (fits(request, scenario.engine.limits, memory)) requests.push_back(request);
  Bound bound;
  bound.least.submitted = all.size();
  bound.least.completed = requests.size();
  bound.least.rejected = all.size() - requests.size();
  if (requests.empty()) return bound;

  const RequestBound of_requests(scenario, memory, requests, shared_->costs_of(scenario),
                                 shared_->groups_of(scenario));
  const Latencies least = least_latencies(of_requests, requests);
  bound.ttft = least.ttft.quantile(0.0);
  if (least.tpot.count() > 0) bound.tpot = least.tpot.quantile(0.0);
  bound.least.ttft = least.ttft.distribution();
  bound.least.tpot = least.tpot.distribution();
  bound.least.itl = least.itl.distribution();
  bound.least.e2el = least.e2el.distribution();
  bound.requests_per_s = of_requests.rate() / kRounding;
  bound.requests_per_s_within_slo =
      can_meet(bound, scenario.slo) ? of_requests.rate_within(scenario.slo) / kRounding : 0.0;
  bound.offered_per_s_within_slo =
      can_meet(bound, scenario.slo) ? of_requests.offered_rate_within(scenario.slo) / kRounding : 0.0;
  return bound;
}

bool can_meet(const Bound& bound, const Slo& slo) {
  return std::all_of(slo.bounds.begin(), slo.bounds.end(), [&](const Slo::Bound& of) {
    const std::optional<Seconds> value = value_of(of, bound.least);
    return value ? *value <= of.limit : bound.least.completed > 0;
  });
}

Bound bound_of(const Scenario& scenario) {
  return Bounds().of(scenario, fit_memory(scenario.model, scenario.precision, scenario.deployment,
                                          scenario.cluster, scenario.engine.profile, scenario.engine.limits));
}

}  // namespace switchyard
