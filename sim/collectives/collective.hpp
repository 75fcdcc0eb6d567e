// Collectives as data: a latency, and bytes on links. No simulated time is spent here.
#pragma once

#include <limits>
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

/// What one GPU sends another, in the same busy bytes: they travel over all links of the route.
struct Transfer {
  GpuId from = 0, to = 0;
  Bytes bytes;
};

/// Latency of a step of an algorithm, and the share of a link's rate that it reaches. Nothing and all of it,
/// unless said otherwise.
struct Transport {
  Seconds base_latency;            // per call: launch, handshake
  Seconds nvlink_step;             // per step of a ring (or per round) inside a node, whatever joins it
  Seconds fabric_step;             // the same when the step crosses nodes
  double nvlink_efficiency = 1.0;  // inside a node, be it NVLink, xGMI or PCIe
  double fabric_efficiency = 1.0;  // on every link of a route between nodes
};

/// A regular collective of a fixed group: time and loads are proportional to the message but for the latency.
struct CollectiveCost {
  Seconds latency;                       // does not depend on the message
  double seconds_per_byte = 0.0;         // of the bottleneck link: the analytic bound
  std::optional<LinkId> bottleneck;      // none for a group of one
  std::vector<LinkLoad> loads_per_byte;  // `bytes` per byte of message, each loaded link once, sorted by link
  /// What they are made of; empty when there are more than 4096.
  std::vector<Transfer> transfers_per_byte{};

  Seconds time(Bytes message) const { return latency + Seconds(seconds_per_byte * message.value()); }
};

/// One way to do a regular collective, and the messages that it is used for.
struct CollectivePiece {
  std::string_view name;  // "ring LL128"
  CollectiveCost cost;
  Bytes from{};                                                  // the smallest message
  Bytes below = Bytes(std::numeric_limits<double>::infinity());  // the first that is too large
};

/// A regular collective as software does it: of the pieces that a message may use, the fastest. A group of
/// one has none and costs nothing.
class Collective {
 public:
  Collective() = default;
  /// Every message has a piece.
  explicit Collective(std::vector<CollectivePiece> pieces);

  std::span<const CollectivePiece> pieces() const { return pieces_; }
  std::span<CollectivePiece> pieces() { return pieces_; }
  /// The piece that a message of this size uses; null for a group of one.
  const CollectivePiece* piece(Bytes message) const;
  /// Its cost: valid as long as the collective.
  const CollectiveCost& at(Bytes message) const;
  Seconds time(Bytes message) const { return at(message).time(message); }

 private:
  std::vector<CollectivePiece> pieces_;
  CollectiveCost nothing_;
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

}  // namespace switchyard
