// Groups equal layers.
#include "sim/plan/layer_kinds.hpp"

#include <algorithm>

namespace switchyard {

LayerKinds::LayerKinds(const ReplicaModel& model) {
  const Architecture& architecture = *model.architecture;
  std::vector<Layer> seen;
  for (const Layer& layer : architecture.layers) {
    const auto known = std::find(seen.begin(), seen.end(), layer);
    kind_of_.push_back(static_cast<std::size_t>(known - seen.begin()));
    if (known != seen.end()) continue;
    seen.push_back(layer);
    times_.emplace_back(layer, architecture.hidden_size, model.deployment->sharding(), model.precision,
                        *model.cost, *model.engine, model.scope);
  }
}

}  // namespace switchyard
