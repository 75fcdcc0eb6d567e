// A router a node, joined with its neighbours along each dimension, in rings (as in Blue Gene and Tofu). All
// NICs of a node are on its router. Routes are minimal: they go along one dimension after the other, or, with
// a hash, along any shortest way; halfway round a ring, where both ways are as long, the hash picks always.
#include <array>
#include <limits>

#include "topologies/fabrics/switches.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kMostAlong = 4096;
constexpr std::size_t kMostDimensions = 6;
constexpr std::string_view kDimensionOrder = "dimension_order";
// Ajima et al., "The Tofu Interconnect", IEEE Micro 32 (2012): about 100 ns a hop.
constexpr Seconds kHopLatency{100e-9};

/// Three dimensions as equal as whole ones can be, the longest first; those of 1 are left out.
std::vector<std::int64_t> usual_dimensions(std::int64_t nodes) {
  std::array<std::int64_t, 3> best{nodes, 1, 1};
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t c = 1; c * c * c <= nodes; ++c) {
    if (nodes % c != 0) continue;
    for (std::int64_t b = c; b * b <= nodes / c; ++b) {
      if (nodes / c % b != 0 || nodes / c / b + b + c >= least) continue;
      best = {nodes / c / b, b, c};
      least = best[0] + best[1] + best[2];
    }
  }
  std::vector<std::int64_t> dimensions{best[0]};
  for (const std::int64_t d : {best[1], best[2]})
    if (d > 1) dimensions.push_back(d);
  return dimensions;
}

std::string in_words(const std::vector<std::int64_t>& dimensions) {
  std::string text;
  for (const std::int64_t d : dimensions) text += (text.empty() ? "" : " x ") + std::to_string(d);
  return text;
}

void check_dimensions(const ObjectReader& reader, const Fabric& fabric, std::int64_t nodes) {
  if (fabric.dimensions.empty() || fabric.dimensions.size() > kMostDimensions)
    reader.fail("dimensions", "is a list of " + std::to_string(fabric.dimensions.size()) +
                                  "; give from 1 to " + std::to_string(kMostDimensions) + " dimensions");
  double product = 1.0;
  for (const std::int64_t d : fabric.dimensions) product *= static_cast<double>(d);
  if (product != static_cast<double>(nodes))
    reader.fail("dimensions", in_words(fabric.dimensions) + " does not make the " + std::to_string(nodes) +
                                  " nodes of the cluster; give dimensions such as " +
                                  in_words(usual_dimensions(nodes)));
}

/// "router1.0.3": a node's place along each dimension, the last one of neighbours in number.
std::string router_name(std::int64_t node, const std::vector<std::int64_t>& dimensions) {
  std::string name;
  for (std::size_t d = dimensions.size(); d-- > 0; node /= dimensions[d])
    name = std::to_string(node % dimensions[d]) + (name.empty() ? "" : "." + name);
  return "router" + name;
}

}  // namespace

void read_torus(ObjectReader& reader, Fabric& fabric, const Cluster& cluster) {
  fabric.dimensions =
      reader.optional_integers("dimensions", usual_dimensions(cluster.nodes), {1, kMostAlong});
  check_dimensions(reader, fabric, cluster.nodes);
  fabric.link = read_bandwidth(reader, "link", fabric.nic * static_cast<double>(fabric.nics_per_node));
  fabric.hop_latency = read_hop_latency(reader, kHopLatency);
  read_routing(reader, fabric, std::string(kDimensionOrder), "ecmp");
}

void write_torus(Json& json, const Fabric& fabric) {
  json["dimensions"] = fabric.dimensions;
  json["link"] = to_text(fabric.link);
  json["hop_latency"] = to_text(fabric.hop_latency);
  json["routing"] = fabric.routing;
}

void join_torus(Blueprint& blueprint, const Cluster& cluster) {
  const Fabric& fabric = cluster.fabric;
  std::vector<DeviceId> routers;
  for (std::int64_t node = 0; node < cluster.nodes; ++node) {
    routers.push_back(blueprint.add({router_name(node, fabric.dimensions), DeviceKind::router, {}, {}}));
    for (std::int64_t n = 0; n < fabric.nics_per_node; ++n)
      blueprint.join(blueprint.nics[static_cast<std::size_t>(node * fabric.nics_per_node + n)],
                     routers.back(), LinkKind::nic, fabric.nic, share_of_nic(cluster));
  }
  std::int64_t stride = 1;  // between neighbours along the dimension
  for (std::size_t d = fabric.dimensions.size(); d-- > 0; stride *= fabric.dimensions[d]) {
    const std::int64_t along = fabric.dimensions[d];
    const Way way{1, static_cast<std::uint8_t>(fabric.routing == kDimensionOrder ? d : 0)};
    for (std::int64_t node = 0; node < cluster.nodes; ++node) {
      const std::int64_t place = node / stride % along;
      if (along == 1 || (along == 2 && place == 1)) continue;  // two in a ring have one cable
      const std::int64_t next = place + 1 == along ? node - place * stride : node + stride;
      blueprint.join(routers[static_cast<std::size_t>(node)], routers[static_cast<std::size_t>(next)],
                     LinkKind::uplink, fabric.link, fabric.hop_latency, way);
    }
  }
}

}  // namespace switchyard
