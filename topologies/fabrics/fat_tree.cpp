// All NICs of a node on one leaf, leaves of several nodes, joined by spines: folded Clos networks (Leiserson,
// "Fat-trees", 1985). With pods, spines join the leaves of a pod and cores the pods. Only the uplinks of
// leaves are oversubscribed: what leaves send upwards, spines and cores carry in full.
#include <algorithm>

#include "topologies/fabrics/switches.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kMostNodes = 4096;
constexpr double kPortsOfLeaf = 64;  // NVIDIA Quantum-2 QM9700: 64 ports of 400 Gb/s

/// At most as many as a leaf takes whose ports to nodes and to spines are as its oversubscription, and dealt
/// evenly to as few leaves as that allows: 9 nodes are three on three leaves, not four, four and one.
std::int64_t usual_nodes_per_leaf(const Fabric& fabric, std::int64_t nodes) {
  const double ports_to_nodes = kPortsOfLeaf * fabric.oversubscription / (1.0 + fabric.oversubscription);
  const std::int64_t most =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(ports_to_nodes) / fabric.nics_per_node);
  return quotient_up(nodes, quotient_up(nodes, most));
}

using Devices = std::vector<DeviceId>;

Devices add_switches(Blueprint& blueprint, DeviceKind kind, const std::string& name, std::int64_t count) {
  Devices devices;
  for (std::int64_t i = 0; i < count; ++i)
    devices.push_back(blueprint.add({name + std::to_string(i), kind, {}, {}}));
  return devices;
}

Devices add_leaves(Blueprint& blueprint, const Cluster& cluster) {
  const Fabric& fabric = cluster.fabric;
  Devices leaves =
      add_switches(blueprint, DeviceKind::leaf, "leaf", quotient_up(cluster.nodes, fabric.nodes_per_leaf));
  const auto nics_of_leaf = static_cast<std::size_t>(fabric.nodes_per_leaf * fabric.nics_per_node);
  for (std::size_t nic = 0; nic < blueprint.nics.size(); ++nic)
    blueprint.join(blueprint.nics[nic], leaves[nic / nics_of_leaf], LinkKind::nic, fabric.nic,
                   share_of_nic(cluster));
  return leaves;
}

/// Each switch below shares its uplinks out over all above.
void join_all(Blueprint& blueprint, const Fabric& fabric, std::span<const DeviceId> below,
              const Devices& above, BytesPerSecond uplinks) {
  for (const DeviceId low : below)
    for (const DeviceId high : above)
      blueprint.join(low, high, LinkKind::uplink, uplinks / static_cast<double>(above.size()),
                     fabric.hop_latency);
}

/// Spine s of every pod is joined with the cores of plane s.
void join_pods(Blueprint& blueprint, const Fabric& fabric, const std::vector<Devices>& spines_of_pod,
               BytesPerSecond uplinks_of_spine) {
  const std::int64_t cores = switches_above(fabric, uplinks_of_spine);
  for (std::size_t plane = 0; plane < spines_of_pod.front().size(); ++plane) {
    const Devices above =
        add_switches(blueprint, DeviceKind::core, "plane" + std::to_string(plane) + "/core", cores);
    for (const Devices& spines : spines_of_pod)
      join_all(blueprint, fabric, {&spines[plane], 1}, above, uplinks_of_spine);
  }
}

}  // namespace

void read_fat_tree(ObjectReader& reader, Fabric& fabric, const Cluster& cluster) {
  read_uplinks(reader, fabric);
  fabric.nodes_per_leaf =
      reader.optional_integer("nodes_per_leaf", usual_nodes_per_leaf(fabric, cluster.nodes), {1, kMostNodes});
  fabric.leaves_per_pod = reader.maybe_integer("leaves_per_pod", {1, kMostNodes});
}

void write_fat_tree(Json& json, const Fabric& fabric) {
  write_uplinks(json, fabric);
  json["nodes_per_leaf"] = fabric.nodes_per_leaf;
  if (fabric.leaves_per_pod) json["leaves_per_pod"] = *fabric.leaves_per_pod;
}

void join_fat_tree(Blueprint& blueprint, const Cluster& cluster) {
  const Fabric& fabric = cluster.fabric;
  const Devices leaves = add_leaves(blueprint, cluster);
  if (leaves.size() == 1) return;
  const auto nics_of_leaf = static_cast<double>(fabric.nodes_per_leaf * fabric.nics_per_node);
  const BytesPerSecond uplinks = fabric.nic * nics_of_leaf / fabric.oversubscription;
  const std::int64_t spines = switches_above(fabric, uplinks);
  const auto of_pod = static_cast<std::size_t>(fabric.leaves_per_pod.value_or(cluster.nodes));
  const bool pods = of_pod < leaves.size();
  std::vector<Devices> spines_of_pod;
  for (std::size_t first = 0; first < leaves.size(); first += of_pod) {
    const std::string name = pods ? "pod" + std::to_string(first / of_pod) + "/spine" : "spine";
    spines_of_pod.push_back(add_switches(blueprint, DeviceKind::spine, name, spines));
    const std::size_t count = std::min(of_pod, leaves.size() - first);
    join_all(blueprint, fabric, {&leaves[first], count}, spines_of_pod.back(), uplinks);
  }
  if (pods)
    join_pods(blueprint, fabric, spines_of_pod,
              uplinks * static_cast<double>(of_pod) / static_cast<double>(spines));
}

}  // namespace switchyard
