// The table of fabrics, and the reader of a cluster's "fabric".
#include "topologies/fabrics/fabric.hpp"

#include <array>

#include "sim/base/menu.hpp"
#include "topologies/fabrics/switches.hpp"

namespace switchyard {

void read_rail_optimised(ObjectReader& reader, Fabric& fabric, const Cluster& cluster);
void write_rail_optimised(Json& json, const Fabric& fabric);
void join_rail_optimised(Blueprint& blueprint, const Cluster& cluster);
void read_fat_tree(ObjectReader& reader, Fabric& fabric, const Cluster& cluster);
void write_fat_tree(Json& json, const Fabric& fabric);
void join_fat_tree(Blueprint& blueprint, const Cluster& cluster);
void read_dragonfly(ObjectReader& reader, Fabric& fabric, const Cluster& cluster);
void write_dragonfly(Json& json, const Fabric& fabric);
void join_dragonfly(Blueprint& blueprint, const Cluster& cluster);
void read_torus(ObjectReader& reader, Fabric& fabric, const Cluster& cluster);
void write_torus(Json& json, const Fabric& fabric);
void join_torus(Blueprint& blueprint, const Cluster& cluster);

namespace {

constexpr BytesPerSecond kDefaultNic{50e9};

}  // namespace

std::span<const FabricKind> fabric_kinds() {
  static constexpr std::array kKinds = {
      FabricKind{"rail_optimised",
                 "NIC i of every node on leaf switch i, leaves joined by spines (NVIDIA DGX SuperPOD)",
                 read_rail_optimised, write_rail_optimised, join_rail_optimised},
      FabricKind{"fat_tree", "all NICs of a node on one leaf switch, leaves joined by spines, pods by cores",
                 read_fat_tree, write_fat_tree, join_fat_tree},
      FabricKind{
          "dragonfly",
          "groups of routers joined each with each, as the groups are (HPE Slingshot); routes are minimal",
          read_dragonfly, write_dragonfly, join_dragonfly},
      FabricKind{"torus", "a router a node, joined with its neighbours in rings along each dimension",
                 read_torus, write_torus, join_torus},
  };
  return kKinds;
}

Fabric read_fabric(ObjectReader reader, const Cluster& cluster) {
  Fabric fabric;
  fabric.kind = reader.optional_choice("kind", fabric.kind, names(fabric_kinds()));
  fabric.nics_per_node =
      reader.optional_integer("nics_per_node", cluster.gpus_per_node, {1, cluster.gpus_per_node});
  fabric.nic = read_bandwidth(reader, "nic", kDefaultNic);
  choose(fabric_kinds(), fabric.kind, "fabric kind").read(reader, fabric, cluster);
  reader.finish();
  return fabric;
}

Json to_json(const Fabric& fabric) {
  Json json{{"kind", fabric.kind}, {"nics_per_node", fabric.nics_per_node}, {"nic", to_text(fabric.nic)}};
  choose(fabric_kinds(), fabric.kind, "fabric kind").write(json, fabric);
  return json;
}

}  // namespace switchyard
