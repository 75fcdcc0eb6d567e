// The cluster as a graph of directed links: GPUs, switches, host bridges, NICs, leaves, spines. Routes are
// sequences of links. The Boost.Graph inside stays behind this header.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "topologies/cluster.hpp"

namespace switchyard {

using LinkId = std::uint32_t;
using GpuId = std::uint32_t;     // node * gpus_per_node + index
using DeviceId = std::uint32_t;  // GPUs come first: their DeviceId is their GpuId

enum class DeviceKind { gpu, nvswitch, pcie_slot, pcie_switch, host_bridge, nic, leaf, spine, core, router };
std::string_view name_of(DeviceKind kind);

/// What kinds there are, in the order of their enumerators.
struct KindRow {
  std::string_view name;
  std::string_view description;
};
std::span<const KindRow> device_kinds();
std::span<const KindRow> link_kinds();

/// An end of links. Slots, PCIe switches and host bridges stand only in nodes whose GPUs talk over PCIe.
struct Device {
  std::string name;  // "node0/gpu3"
  DeviceKind kind = DeviceKind::gpu;
  std::optional<std::uint32_t> node;  // none for switches between nodes
  std::optional<GpuId> owner;         // of a GPU itself and its slot
};

enum class LinkKind { nvlink, xgmi, pcie, socket, nic, uplink };
std::string_view name_of(LinkKind kind);

/// How routes take a link.
struct Way {
  std::uint16_t length = 1;  // routes are as short as can be in the sum of these
  std::uint8_t turn = 0;     // among the shortest, routes take links of later turns nearer to the receiver
};

struct Link {
  std::string name;  // "node0/gpu3>nvswitch"
  LinkKind kind = LinkKind::nvlink;
  BytesPerSecond bandwidth;  // of this direction
  Seconds latency;
  DeviceId from = 0, to = 0;
  Way way;
};

class LinkGraph {
 public:
  explicit LinkGraph(const Cluster& cluster);
  ~LinkGraph();
  LinkGraph(LinkGraph&&) noexcept;
  LinkGraph& operator=(LinkGraph&&) noexcept;

  std::span<const Link> links() const;
  std::span<const Device> devices() const;
  GpuId gpus() const;
  std::uint32_t node_of(GpuId gpu) const;
  /// The links from one GPU to another, in order; empty when they are the same. Inside a node over NVLink,
  /// xGMI or the PCIe tree, between nodes over the sender's NIC, the fabric's switches on a shortest way, the
  /// receiver's NIC; where several ways are as short, a hash of the two GPUs picks. Cheapest when called with
  /// one `from` after the other; not for several threads at once. Throws std::out_of_range.
  std::vector<LinkId> route(GpuId from, GpuId to) const;
  /// Whether route() has an answer: in every cluster but a free graph it has. Throws std::out_of_range.
  bool reaches(GpuId from, GpuId to) const;
  /// Sum of the link latencies of a route: the cluster's nvlink_latency within a node; across, its
  /// fabric_latency and the fabric's hop_latency for every switch beyond the first, and more where a node's
  /// only NIC is reached over its host bridges.
  Seconds latency(std::span<const LinkId> route) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace switchyard
