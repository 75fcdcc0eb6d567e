// NIC i of every node on rail i (modulo the rails): traffic of one rail meets a single leaf, other traffic a
// spine too.
// A leaf is one logical switch whatever the number of nodes; a real one of many nodes is itself made of
// several.
#include "topologies/fabrics/switches.hpp"

namespace switchyard {

void read_rail_optimised(ObjectReader& reader, Fabric& fabric, const Cluster&) {
  fabric.rails = reader.maybe_integer("rails", {1, fabric.nics_per_node});
  if (fabric.nics_per_node % fabric.rails.value_or(1) != 0) {
    reader.fail("rails", std::to_string(*fabric.rails) + " does not divide the " +
                             std::to_string(fabric.nics_per_node) + " NICs of a node; give a divisor");
  }
  read_uplinks(reader, fabric);
}

void write_rail_optimised(Json& json, const Fabric& fabric) {
  write_uplinks(json, fabric);
  if (fabric.rails) json["rails"] = *fabric.rails;
}

void join_rail_optimised(Blueprint& blueprint, const Cluster& cluster) {
  const Fabric& fabric = cluster.fabric;
  const std::int64_t rails = fabric.rails.value_or(fabric.nics_per_node);
  const std::int64_t nics_of_rail = fabric.nics_per_node / rails;  // of one node; rails divides
  const auto nics_of_leaf = static_cast<double>(cluster.nodes * nics_of_rail);
  const BytesPerSecond uplink = fabric.nic * nics_of_leaf / fabric.oversubscription;
  // With one rail there is nothing for spines to join.
  const std::int64_t spines = rails == 1 ? 0 : switches_above(fabric, uplink);
  std::vector<DeviceId> spine_ids;
  for (std::int64_t s = 0; s < spines; ++s) {
    spine_ids.push_back(blueprint.add({"spine" + std::to_string(s), DeviceKind::spine, {}, {}}));
  }
  for (std::int64_t rail = 0; rail < rails; ++rail) {
    const DeviceId leaf = blueprint.add({"leaf" + std::to_string(rail), DeviceKind::leaf, {}, {}});
    for (auto nic = static_cast<std::size_t>(rail); nic < blueprint.nics.size();
         nic += static_cast<std::size_t>(rails)) {
      blueprint.join(blueprint.nics[nic], leaf, LinkKind::nic, fabric.nic, share_of_nic(cluster));
    }
    for (const DeviceId spine : spine_ids) {
      blueprint.join(leaf, spine, LinkKind::uplink, uplink / static_cast<double>(spines), fabric.hop_latency);
    }
  }
}

}  // namespace switchyard
