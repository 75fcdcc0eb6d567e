// The table of fabrics.
#include "topologies/fabrics/fabric.hpp"

#include <array>

namespace switchyard {

void join_rail_optimised(Blueprint& blueprint, const Cluster& cluster);

std::span<const FabricKind> fabric_kinds() {
  static constexpr std::array kKinds = {
      FabricKind{"rail_optimised",
                 "NIC i of every node on leaf switch i, leaves joined by spines (NVIDIA DGX SuperPOD)",
                 join_rail_optimised},
  };
  return kKinds;
}

}  // namespace switchyard
