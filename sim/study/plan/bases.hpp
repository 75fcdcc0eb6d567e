// What a plan's candidates share: a model in one precision on one GPU type, as a scenario of one replica on
// one GPU.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sim/scenario.hpp"
#include "sim/study/bound/bound.hpp"
#include "sim/study/plan/plan_study.hpp"

namespace switchyard {

/// How a replica is cut, and the limits of its engine. A plan with pools of different roles would give each
/// role one.
struct Layout {
  Deployment deployment;  // of one replica
  std::int64_t max_num_seqs = 0;
  std::int64_t max_num_batched_tokens = 0;

  std::int64_t gpus() const { return deployment.gpus_per_replica(); }
  bool operator==(const Layout& other) const;
  bool operator<(const Layout& other) const;  // some order
};

/// "tp 2, dp 4, ep": what is not 1.
std::string words_of(const Layout& layout);

/// What a simulation puts on so many replicas.
struct Load {
  std::int64_t replicas = 1;
  double requests_per_s = 0.0;  // of all replicas
  std::int64_t requests = 0;
};

class PlanBase {
 public:
  /// Throws InputError on whatever of the study is no scenario.
  PlanBase(const PlanStudy& study, std::size_t model, std::size_t gpu, std::size_t precision);

  const Scenario& scenario() const { return scenario_; }
  std::size_t model() const { return model_; }
  std::size_t gpu() const { return gpu_; }
  std::size_t precision_index() const { return precision_; }
  const std::string& model_name() const { return scenario_.model.name; }
  const std::string& gpu_name() const { return scenario_.cluster.gpu.name; }
  std::string kind() const;       // "dense", "moe", "hybrid"
  std::string precision() const;  // of the weights, as the scenario says it
  std::optional<double> usd_per_gpu_hour() const { return price_; }
  /// That the budget has room for.
  std::int64_t most_gpus() const { return most_gpus_; }
  /// How long a request may stay that just meets the SLO; a guess where it does not say.
  Seconds longest_stay() const { return stay_; }
  /// To send in a run: as many as the trace has, where the lengths are one's.
  std::optional<std::int64_t> most_requests() const { return most_requests_; }
  /// Why no layout serves this traffic: its requests are longer than the model's context. Empty: they are
  /// not.
  const std::string& too_long() const { return too_long_; }

  /// All links between GPUs, in nodes and between them, so many times as fast.
  void scale_network(double factor);

  /// As many whole nodes as so many GPUs need.
  const Cluster& cluster_for(std::int64_t gpus) const;
  Scenario scenario_for(const Layout& layout, const Load& load) const;
  /// The same without what the load says.
  Scenario scenario_for(const Layout& layout) const { return scenario_for(layout, Load{}); }
  /// What no run can beat, whatever its rate, which no bound depends on; none: the layout does not fit. Each
  /// is made once, by `bounds`.
  const std::optional<Bound>& bound_of(const Layout& layout, const Load& load, Bounds& bounds) const;

 private:
  Json node_json(std::int64_t nodes) const;
  void read_traffic();

  const PlanStudy* study_;
  std::size_t model_, gpu_, precision_;
  Json node_;  // a cluster of one node, as a scenario has it
  Scenario scenario_;
  std::optional<double> price_;
  std::int64_t most_gpus_ = 0;
  std::optional<std::int64_t> most_requests_;
  Seconds stay_;
  double network_ = 1.0;
  std::string too_long_;
  mutable std::map<std::int64_t, Cluster> clusters_;  // by nodes
  mutable std::map<std::tuple<Layout, std::int64_t, std::int64_t>, std::optional<Bound>>
      bounds_;  // by layout, replicas and requests
};

/// All of a study: models outermost, then GPUs, then precisions; those that are the same (auto and what auto
/// means) once. Throws InputError, also when the objective or the budget needs a price that is not known.
std::deque<PlanBase> read_bases(const PlanStudy& study);

}  // namespace switchyard
