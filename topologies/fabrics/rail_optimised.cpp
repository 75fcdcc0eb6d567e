// NIC i of every node on rail i (modulo the rails): traffic of one rail meets a single leaf, other traffic a
// spine too.
// A leaf is one logical switch whatever the number of nodes; a real one of many nodes is itself made of
// several.
#include <algorithm>
#include <array>
#include <cmath>

#include "topologies/fabrics/fabric.hpp"

namespace switchyard {
namespace {

constexpr NumberRange kOversubscription{1.0, 64.0, NumberRange::Ends::closed};

/// Adaptive routing spreads packets over all uplinks, as one of their summed bandwidth. A hash per flow meets
/// single uplinks, each no faster than a NIC's port.
std::int64_t spine_count(const Fabric& fabric, BytesPerSecond leaf_uplink) {
  if (fabric.routing == "adaptive") return 1;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(leaf_uplink / fabric.nic)));
}

}  // namespace

void read_rail_optimised(ObjectReader& reader, Fabric& fabric, const Cluster&) {
  static const std::array<std::string, 2> routings{"adaptive", "ecmp"};
  fabric.rails = reader.maybe_integer("rails", {1, fabric.nics_per_node});
  if (fabric.nics_per_node % fabric.rails.value_or(1) != 0) {
    reader.fail("rails", std::to_string(*fabric.rails) + " does not divide the " +
                             std::to_string(fabric.nics_per_node) + " NICs of a node; give a divisor");
  }
  fabric.oversubscription =
      reader.optional_number("oversubscription", fabric.oversubscription, kOversubscription);
  fabric.routing = reader.optional_choice("routing", fabric.routing, routings);
}

void write_rail_optimised(Json& json, const Fabric& fabric) {
  json["oversubscription"] = fabric.oversubscription;
  json["routing"] = fabric.routing;
  if (fabric.rails) json["rails"] = *fabric.rails;
}

void join_rail_optimised(Blueprint& blueprint, const Cluster& cluster) {
  const Fabric& fabric = cluster.fabric;
  const std::int64_t rails = fabric.rails.value_or(fabric.nics_per_node);
  const std::int64_t nics_of_rail = fabric.nics_per_node / rails;  // of one node; rails divides
  const auto nics_of_leaf = static_cast<double>(cluster.nodes * nics_of_rail);
  const BytesPerSecond uplink = fabric.nic * nics_of_leaf / fabric.oversubscription;
  // With one rail there is nothing for spines to join.
  const std::int64_t spines = rails == 1 ? 0 : spine_count(fabric, uplink);
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
    // The one latency of a crossing stands for both: two more switches cost less than its uncertainty.
    for (const DeviceId spine : spine_ids) {
      blueprint.join(leaf, spine, LinkKind::uplink, uplink / static_cast<double>(spines), Seconds());
    }
  }
}

}  // namespace switchyard
