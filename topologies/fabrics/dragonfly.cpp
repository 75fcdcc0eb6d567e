// Groups of routers that are joined each with each, and links between each two groups (Kim, Dally, Scott,
// Abts: "Technology-Driven, Highly-Scalable Dragonfly Topology", ISCA 2008). All NICs of a node are on one
// router. Minimal routes: at most one link inside the sender's group, one between the groups, one inside the
// receiver's. No packet goes by a third group (Valiant's or the paper's UGAL routing): of traffic from each
// of g groups to one other, ideal UGAL would carry g / 2 times as much. What it gains depends on all that is
// in flight, which no fixed route can say; traffic that is spread over all groups, as in an all-to-all, gains
// nothing.
#include <algorithm>

#include "topologies/fabrics/switches.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kMostNodes = 4096;
constexpr std::int64_t kMostRouters = 64;  // of a group
constexpr std::int64_t kMostGlobalLinks = 128;
// De Sensi et al., "An In-Depth Analysis of the Slingshot Interconnect", SC 2020: mean and median of a
// switch.
constexpr Seconds kHopLatency{350e-9};
// Two links between groups are longer than one with a link inside each of the two groups.
constexpr std::uint16_t kGlobalLength = 3;

std::int64_t groups_of(const Fabric& fabric, std::int64_t nodes) {
  return quotient_up(quotient_up(nodes, fabric.nodes_per_router), fabric.routers_per_group);
}

/// Links between each two groups: all that the routers of one have, as even as whole links allow.
std::int64_t links_of_pair(const Fabric& fabric, std::int64_t groups) {
  return fabric.routers_per_group * fabric.global_links / (groups - 1);
}

std::string group_name(std::int64_t group) { return "group" + std::to_string(group); }

using Devices = std::vector<DeviceId>;

Devices add_routers(Blueprint& blueprint, const Cluster& cluster, std::int64_t groups) {
  const Fabric& fabric = cluster.fabric;
  Devices routers;
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t r = 0; r < fabric.routers_per_group; ++r)
      routers.push_back(
          blueprint.add({group_name(g) + "/router" + std::to_string(r), DeviceKind::router, {}, {}}));
  const auto nics_of_router = static_cast<std::size_t>(fabric.nodes_per_router * fabric.nics_per_node);
  for (std::size_t nic = 0; nic < blueprint.nics.size(); ++nic)
    blueprint.join(blueprint.nics[nic], routers[nic / nics_of_router], LinkKind::nic, fabric.nic,
                   share_of_nic(cluster));
  return routers;
}

void join_groups_inside(Blueprint& blueprint, const Fabric& fabric, const Devices& routers) {
  const auto of_group = static_cast<std::size_t>(fabric.routers_per_group);
  for (std::size_t first = 0; first < routers.size(); first += of_group)
    for (std::size_t r = 0; r < of_group; ++r)
      for (std::size_t s = 0; s < r; ++s)
        blueprint.join(routers[first + s], routers[first + r], LinkKind::uplink, fabric.local_link,
                       fabric.hop_latency);
}

/// Each link on its own, for a hash to choose: to the next group on first ports, to the one after on the next
/// ports, and so on round the groups; ports are dealt to the routers in turn.
void join_groups_by_links(Blueprint& blueprint, const Fabric& fabric, const Devices& routers,
                          std::int64_t groups) {
  const std::int64_t links = links_of_pair(fabric, groups);
  const auto router = [&](std::int64_t group, std::int64_t port) {
    return routers[static_cast<std::size_t>(group * fabric.routers_per_group +
                                            port % fabric.routers_per_group)];
  };
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t h = g + 1; h < groups; ++h)
      for (std::int64_t i = 0; i < links; ++i) {
        blueprint.join(router(g, (h - g - 1) * links + i), router(h, (g - h - 1 + groups) * links + i),
                       LinkKind::uplink, fabric.global_link, fabric.hop_latency, {kGlobalLength});
        for (std::size_t way = 1; way <= 2; ++way)
          blueprint.links[blueprint.links.size() - way].name += "#" + std::to_string(i);
      }
}

/// What each router has of its group's links inside for traffic between groups, in each direction. Of a
/// routers, it sends over a - 1 of them. A packet takes one of its own group, unless its router has a link to
/// the other group itself, and one of the receiver's, unless it arrives at the right router; those that pass
/// on are as many as those that are sent.
BytesPerSecond inside_for_others(const Fabric& fabric, std::int64_t links) {
  const auto of_group = static_cast<double>(fabric.routers_per_group);
  const double of_sender = 1.0 - std::min(1.0, static_cast<double>(links) / of_group);
  const double of_receiver = 1.0 - 1.0 / of_group;
  return fabric.local_link * ((of_group - 1.0) / (of_sender + of_receiver));
}

/// Packets between groups spread over all links of the two: they are one, between hubs of the groups. Such
/// packets and those that stay inside a group are not charged for each other. The hub's links have the
/// latency of the two hops inside that most packets take.
void join_groups_by_hubs(Blueprint& blueprint, const Fabric& fabric, const Devices& routers,
                         std::int64_t groups) {
  const auto of_group = static_cast<std::size_t>(fabric.routers_per_group);
  const std::int64_t links = links_of_pair(fabric, groups);
  Devices hubs = routers;
  if (of_group > 1) {
    const BytesPerSecond inside = inside_for_others(fabric, links);
    hubs.clear();
    for (std::int64_t g = 0; g < groups; ++g)
      hubs.push_back(blueprint.add({group_name(g) + "/hub", DeviceKind::router, {}, {}}));
    for (std::size_t r = 0; r < routers.size(); ++r)
      blueprint.join(routers[r], hubs[r / of_group], LinkKind::uplink, inside, fabric.hop_latency / 2.0);
  }
  const BytesPerSecond between = fabric.global_link * static_cast<double>(links);
  const Seconds latency = fabric.hop_latency * (of_group > 1 ? 2.0 : 1.0);
  for (std::size_t h = 0; h < hubs.size(); ++h)
    for (std::size_t g = 0; g < h; ++g) blueprint.join(hubs[g], hubs[h], LinkKind::uplink, between, latency);
}

}  // namespace

void read_dragonfly(ObjectReader& reader, Fabric& fabric, const Cluster& cluster) {
  fabric.nodes_per_router = reader.optional_integer("nodes_per_router", 1, {1, kMostNodes});
  // The paper's balance: of a router with p NICs, p links to other groups, in groups of 2 p.
  const std::int64_t nics = fabric.nodes_per_router * fabric.nics_per_node;
  fabric.routers_per_group =
      reader.optional_integer("routers_per_group", std::min(kMostRouters, 2 * nics), {1, kMostRouters});
  fabric.global_links =
      reader.optional_integer("global_links", std::min(kMostGlobalLinks, nics), {1, kMostGlobalLinks});
  fabric.local_link = read_bandwidth(reader, "local_link", fabric.nic);
  fabric.global_link = read_bandwidth(reader, "global_link", fabric.nic);
  fabric.hop_latency = read_hop_latency(reader, kHopLatency);
  read_routing(reader, fabric, "adaptive", "ecmp");
  const std::int64_t groups = groups_of(fabric, cluster.nodes);
  if (groups == 1 || links_of_pair(fabric, groups) > 0) return;
  reader.fail("global_links", std::to_string(fabric.global_links) + " for each of " +
                                  std::to_string(fabric.routers_per_group) + " routers do not join " +
                                  std::to_string(groups) + " groups each with each; give at least " +
                                  std::to_string(quotient_up(groups - 1, fabric.routers_per_group)) +
                                  ", or larger groups");
}

void write_dragonfly(Json& json, const Fabric& fabric) {
  json["nodes_per_router"] = fabric.nodes_per_router;
  json["routers_per_group"] = fabric.routers_per_group;
  json["global_links"] = fabric.global_links;
  json["local_link"] = to_text(fabric.local_link);
  json["global_link"] = to_text(fabric.global_link);
  json["hop_latency"] = to_text(fabric.hop_latency);
  json["routing"] = fabric.routing;
}

void join_dragonfly(Blueprint& blueprint, const Cluster& cluster) {
  const Fabric& fabric = cluster.fabric;
  const std::int64_t groups = groups_of(fabric, cluster.nodes);
  const Devices routers = add_routers(blueprint, cluster, groups);
  join_groups_inside(blueprint, fabric, routers);
  if (groups == 1) return;
  if (fabric.routing == "adaptive") join_groups_by_hubs(blueprint, fabric, routers, groups);
  else join_groups_by_links(blueprint, fabric, routers, groups);
}

}  // namespace switchyard
