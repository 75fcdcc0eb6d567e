// The menu of fabrics: how the NICs of the nodes are joined. A fabric is one file and one row.
#pragma once

#include <span>
#include <string_view>

#include "topologies/blueprint.hpp"

namespace switchyard {

struct FabricKind {
  std::string_view name;
  std::string_view description;
  /// Adds switches and cables to a blueprint whose nodes, at least two, stand already.
  void (*join)(Blueprint& blueprint, const Cluster& cluster);
};

std::span<const FabricKind> fabric_kinds();

}  // namespace switchyard
