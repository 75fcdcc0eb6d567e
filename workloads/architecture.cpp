// What can be asked of an architecture without counting parameters.
#include "workloads/architecture.hpp"

#include <algorithm>

namespace switchyard {

std::int64_t Architecture::moe_layers() const {
  return std::count_if(layers.begin(), layers.end(),
                       [](const Layer& layer) { return layer.moe.has_value(); });
}

ModelKind kind_of(const Architecture& architecture) {
  if (architecture.moe_layers() == 0) return ModelKind::dense;
  const bool both = std::any_of(architecture.layers.begin(), architecture.layers.end(),
                                [](const Layer& layer) { return layer.dense && layer.moe; });
  return both ? ModelKind::hybrid : ModelKind::moe;
}

std::string_view name_of(ModelKind kind) {
  switch (kind) {
    case ModelKind::dense:
      return "dense";
    case ModelKind::moe:
      return "moe";
    case ModelKind::hybrid:
      return "hybrid";
  }
  return "dense";
}

}  // namespace switchyard
