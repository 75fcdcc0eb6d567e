// The table of node interiors, and the reader of a cluster's "node_fabric".
#include "topologies/nodes/node_kind.hpp"

#include <algorithm>
#include <array>

#include "sim/base/menu.hpp"
#include "topologies/fabrics/switches.hpp"

namespace switchyard {

Ports join_by_nvswitch(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first);
Ports join_by_xgmi_mesh(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first);
Ports join_by_pcie_tree(Blueprint& blueprint, const Cluster& cluster, std::uint32_t node, GpuId first);

namespace {

constexpr std::string_view kPcieTree = "pcie_tree";
constexpr std::int64_t kMostGpus = 256;
constexpr std::int64_t kMostSockets = 8;
constexpr std::int64_t kGpusOfOneSocket = 4;
constexpr std::int64_t kGpusPerSwitch = 4;
// Three UPI links of 16 GT/s and 2 bytes a transfer, as on two-socket boards for Intel's 4th generation of
// Xeon; three xGMI links between EPYC 9004 have twice that.
constexpr BytesPerSecond kSocketLink{96e9};

std::vector<std::string> kinds_for(const Gpu& gpu) {
  std::vector<std::string> names;
  for (const NodeKind& kind : node_kinds())
    if (kind.most_gpus(gpu) > 0) names.emplace_back(kind.name);
  return names;
}

}  // namespace

std::span<const NodeKind> node_kinds() {
  static constexpr std::array kKinds = {
      NodeKind{"nvswitch", "every GPU's NVLinks end at NVSwitches that never block (NVIDIA HGX, NVL72)",
               [](const Gpu& gpu) { return gpu.nvlink.value() > 0.0 ? kMostGpus : 0; }, join_by_nvswitch},
      NodeKind{"xgmi_mesh", "an Infinity Fabric link between each two GPUs (AMD Instinct platforms)",
               [](const Gpu& gpu) { return gpu.xgmi.value() > 0.0 ? gpu.xgmi_links + 1 : 0; },
               join_by_xgmi_mesh},
      NodeKind{kPcieTree, "GPUs on PCIe switches, those on the host bridges of the CPUs, which are joined",
               [](const Gpu&) { return kMostGpus; }, join_by_pcie_tree},
  };
  return kKinds;
}

NodeFabric read_node(ObjectReader reader, const Gpu& gpu, std::int64_t gpus_per_node) {
  const std::vector<std::string> kinds = kinds_for(gpu);
  NodeFabric node;
  node.kind = reader.optional_choice("kind", kinds.front(), names(node_kinds()));
  if (std::find(kinds.begin(), kinds.end(), node.kind) == kinds.end()) {
    reader.fail("kind",
                node.kind + " needs links that " + gpu.name + " does not have; " + choices("", kinds));
  }
  if (node.kind == kPcieTree) {
    const std::int64_t sockets = gpus_per_node > kGpusOfOneSocket ? 2 : 1;
    node.sockets = reader.optional_integer("sockets", sockets, {1, std::min(kMostSockets, gpus_per_node)});
    node.gpus_per_switch = reader.optional_integer("gpus_per_switch", kGpusPerSwitch, {1, kMostGpus});
    node.uplink = read_bandwidth(reader, "uplink", gpu.pcie);
    node.socket_link = read_bandwidth(reader, "socket_link", kSocketLink);
  }
  reader.finish();
  return node;
}

Json to_json(const NodeFabric& node) {
  if (node.kind != kPcieTree) return {{"kind", node.kind}};
  return {{"kind", node.kind},
          {"sockets", node.sockets},
          {"gpus_per_switch", node.gpus_per_switch},
          {"uplink", to_text(node.uplink)},
          {"socket_link", to_text(node.socket_link)}};
}

}  // namespace switchyard
