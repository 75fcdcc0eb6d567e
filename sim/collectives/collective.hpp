// Collectives as data: a latency, and bytes on links. No simulated time is spent here.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

/// Wire bytes divided by the transport's efficiency: what the link is busy with.
struct LinkLoad {
  LinkId link = 0;
  Bytes bytes;
};

/// Stated, not measured: software latency of a step of an algorithm, and the share of a link's rate that it
/// reaches.
struct Transport {
  Seconds base_latency;            // per call: launch, handshake
  Seconds nvlink_step;             // per step of a ring (or per round) inside a node, whatever joins it
  Seconds fabric_step;             // the same when the step crosses nodes
  double nvlink_efficiency = 1.0;  // inside a node, be it NVLink, xGMI or PCIe
  double fabric_efficiency = 1.0;  // on every link of a route between nodes
};
/// NCCL-like defaults with their source in the .cpp.
Transport stated_transport(const Cluster& cluster);

/// A regular collective of a fixed group: time and loads are proportional to the message but for the latency.
struct CollectiveCost {
  Seconds latency;                       // does not depend on the message
  double seconds_per_byte = 0.0;         // of the bottleneck link: the analytic bound
  std::optional<LinkId> bottleneck;      // none for a group of one
  std::vector<LinkLoad> loads_per_byte;  // `bytes` per byte of message, each loaded link once, sorted by link

  Seconds time(Bytes message) const { return latency + Seconds(seconds_per_byte * message.value()); }
};

/// The menu of regular algorithms. `message` is the buffer as NCCL's tests count it: all_reduce: the buffer
/// of one rank; all_gather: the gathered result; reduce_scatter: the input of one rank; all_to_all: the
/// buffer of one rank. send: the message; every GPU of the group hands one on to the next, as the stages of a
/// pipeline do. Closed forms (flat group of n on links of bandwidth b): all_reduce 2 (n-1)/n S/b; all_gather
/// and reduce_scatter (n-1)/n S/b; all_to_all (n-1)/n S/b; send S/b. A group of one costs nothing. GPUs of a
/// group are distinct.
struct CollectiveAlgorithm {
  std::string_view name;         // "ring_all_reduce"
  std::string_view operation;    // all_reduce | all_gather | reduce_scatter | all_to_all | send
  std::string_view description;  // one sentence with its source
  CollectiveCost (*cost)(const LinkGraph&, std::span<const GpuId> group, const Transport&);
};
std::span<const CollectiveAlgorithm> collective_algorithms();

/// Bytes that each rank of a group sends and receives in an irregular all-to-all, apart by where they go.
struct RankTraffic {
  Bytes send_in_node, send_to_fabric, receive_in_node, receive_from_fabric;
};

/// Pairwise all-to-all of uneven traffic, from row and column sums: never an n x n matrix. Loads: each GPU's
/// NVLink up and down carry the in-node bytes, its NIC the others; leaf uplinks carry the share of the
/// fabric's bytes that changes rail. The first half of a route is charged to its sender, the second to its
/// receiver, a link in the middle to both by half, as if each rank's bytes were spread evenly over its peers
/// of the kind: exact for links that only one rank sends (or receives) through, always, and for every link
/// when the traffic is so spread. The time alone is latency + max(load / bandwidth), and 0 when nothing
/// moves.
class PairwiseAllToAll {
 public:
  PairwiseAllToAll(const LinkGraph& graph, std::vector<GpuId> group, const Transport& transport);
  ~PairwiseAllToAll();
  PairwiseAllToAll(PairwiseAllToAll&&) noexcept;

  Seconds latency() const;
  /// The links that the group's ranks reach each other by, sorted.
  std::span<const LinkId> links() const;
  /// Adds this exchange's loads to `loads` (indexed by LinkId, one per link of the graph) and gives its time
  /// alone. `traffic`: one per rank, in the group's order; as much is received as sent, or a law is broken.
  /// Not for two threads.
  Seconds time(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace switchyard
