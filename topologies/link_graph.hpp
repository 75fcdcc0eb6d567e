// The cluster as a graph of directed links: GPUs, NVSwitches, NICs, leaves, spines. Routes are sequences of links. The
// Boost.Graph inside stays behind this header.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "topologies/cluster.hpp"

namespace switchyard {

enum class LinkKind { nvlink, pcie, nic, uplink };

struct Link {
  std::string name;  // "node0/gpu3>nvswitch"
  LinkKind kind = LinkKind::nvlink;
  BytesPerSecond bandwidth;  // of this direction
  Seconds latency;
};

using LinkId = std::uint32_t;
using GpuId = std::uint32_t;  // node * gpus_per_node + index

class LinkGraph {
 public:
  explicit LinkGraph(const Cluster& cluster);
  ~LinkGraph();
  LinkGraph(LinkGraph&&) noexcept;
  LinkGraph& operator=(LinkGraph&&) noexcept;

  std::span<const Link> links() const;
  GpuId gpus() const;
  std::uint32_t node_of(GpuId gpu) const;
  /// The links from one GPU to another, in order; empty when they are the same. Inside a node over NVLink (or PCIe),
  /// between nodes over the sender's NIC, its leaf (and a spine when the rails differ), the receiver's NIC.
  /// Throws std::out_of_range.
  std::vector<LinkId> route(GpuId from, GpuId to) const;
  /// Sum of the link latencies of a route.
  Seconds latency(std::span<const LinkId> route) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace switchyard
