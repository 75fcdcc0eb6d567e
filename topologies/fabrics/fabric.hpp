// The menu of fabrics: how the NICs of the nodes are joined. A fabric is one file and one row.
#pragma once

#include <span>
#include <string_view>

#include "sim/base/json.hpp"
#include "topologies/blueprint.hpp"

namespace switchyard {

struct FabricKind {
  std::string_view name;
  std::string_view description;
  /// Reads the keys of this kind's own from a cluster's "fabric". The NICs, the nodes and the GPUs of the
  /// cluster are read already. Throws InputError.
  void (*read)(ObjectReader& reader, Fabric& fabric, const Cluster& cluster);
  /// Adds those keys to the JSON of a fabric.
  void (*write)(Json& json, const Fabric& fabric);
  /// Adds switches and cables to a blueprint whose nodes, at least two, stand already.
  void (*join)(Blueprint& blueprint, const Cluster& cluster);
};

std::span<const FabricKind> fabric_kinds();

/// The "fabric" of a cluster whose nodes and GPUs are known: {"kind", "nics_per_node", "nic"} and the kind's
/// own keys. Throws InputError.
Fabric read_fabric(ObjectReader reader, const Cluster& cluster);
/// read_fabric reads it back.
Json to_json(const Fabric& fabric);

}  // namespace switchyard
