// Most layers of a model are alike: each kind is priced once.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/plan/deployment.hpp"
#include "sim/plan/layer_times.hpp"

namespace switchyard {

/// What all replicas of a deployment share. Everything pointed to must outlive its users.
struct ReplicaModel {
  const Architecture* architecture = nullptr;
  const Deployment* deployment = nullptr;
  const EngineProfile* engine = nullptr;
  const OperatorCost* cost = nullptr;
  const LinkGraph* graph = nullptr;
  ModelPrecision precision;
  Scope scope = Scope::serving;
};

class LayerKinds {
 public:
  explicit LayerKinds(const ReplicaModel& model);
  std::size_t size() const { return times_.size(); }
  const LayerTimes& operator[](std::size_t kind) const { return times_[kind]; }
  std::size_t kind_of(std::int64_t layer) const { return kind_of_[static_cast<std::size_t>(layer)]; }

 private:
  std::vector<LayerTimes> times_;
  std::vector<std::size_t> kind_of_;
};

}  // namespace switchyard
