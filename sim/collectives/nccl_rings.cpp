// NCCL's rings and trees. A call takes latency + bytes / bandwidth of the protocol that it uses (NCCL's own
// model, src/graph/tuning.cc, with our measured constants).
#include <algorithm>
#include <cmath>

#include "sim/collectives/groups.hpp"
#include "sim/collectives/load_sum.hpp"
#include "sim/collectives/nccl.hpp"
#include "sim/collectives/ring.hpp"

namespace switchyard {
namespace {

/// What a flag with each word leaves of a link, and one with each cache line.
constexpr double kLlShare = 1.0 / kLlWords, kLl128Share = 120.0 / 128.0;
/// Of a tree beside a ring (tuning.cc).
constexpr double kTreeShare = 0.9;

/// One operation of one group.
class Rings {
 public:
  Rings(const LinkGraph& graph, std::span<const GpuId> group, const CollectiveParameters& parameters,
        int passes, double simple_share)
      : graph_(graph), group_(group), parameters_(parameters), passes_(passes) {
    const NcclRings& rings = parameters.nccl.rings;
    const double n = static_cast<double>(group.size());
    nodes_ = static_cast<double>(by_node(graph, group).size());
    wire_ = passes * (n - 1.0) / n;
    const double reached = 1.0 - (passes == 2 ? rings.all_reduce_loss : rings.gather_loss) / n;
    simple_ = ring(rings.simple, simple_share * reached, rings.fabric_share);
    ll128_ = limited(ring(rings.ll128, rings.ll128_share * reached, rings.fabric_share * kLl128Share));
    ll_ = ring(rings.ll, kLlShare, rings.fabric_share * kLlShare);
    ll_.seconds_per_byte = std::max(ll_.seconds_per_byte, wire_ / rings.ll_rate.value());
  }

  /// Inside a node NCCL leaves LL and LL128 at a size; between nodes the fastest is taken.
  std::vector<CollectivePiece> pieces(Bytes simple_from_per_gpu) const {
    const Bytes below = nodes_ > 1.0 ? Bytes(std::numeric_limits<double>::infinity())
                                     : simple_from_per_gpu * static_cast<double>(group_.size());
    return {{"ring LL", ll_, {}, below}, {"ring LL128", ll128_, {}, below}, {"ring Simple", simple_}};
  }

  /// A chain inside each node, a binary tree over them, in two complementary trees, so that each NIC carries
  /// what it does in a ring (Sanders, Speck and Traeff 2009); fewer steps one after the other.
  std::vector<CollectivePiece> trees() const {
    const NcclRings& rings = parameters_.nccl.rings;
    return {{"tree LL", tree(ll_, rings.ll)},
            {"tree LL128", tree(ll128_, rings.ll128)},
            {"tree Simple", tree(simple_, rings.simple)}};
  }

 private:
  CollectiveCost ring(const NcclProtocol& protocol, double in_node, double between_nodes) const {
    Transport transport;
    transport.base_latency = protocol.base;
    transport.nvlink_step = protocol.step + parameters_.nvlink_latency;
    transport.fabric_step = protocol.fabric_step + parameters_.fabric_latency;
    transport.nvlink_efficiency = in_node;
    transport.fabric_efficiency = between_nodes;
    return ring_cost(graph_, group_, transport, passes_);
  }

  /// A protocol that is slower than the links: they are as busy as with Simple.
  CollectiveCost limited(CollectiveCost cost) const {
    cost.loads_per_byte = simple_.loads_per_byte;
    cost.transfers_per_byte = simple_.transfers_per_byte;
    cost.bottleneck = simple_.bottleneck;
    cost.seconds_per_byte = std::max(cost.seconds_per_byte, simple_.seconds_per_byte);
    return cost;
  }

  CollectiveCost tree(CollectiveCost cost, const NcclProtocol& protocol) const {
    const double deep = std::ceil(std::log2(nodes_));
    const double chain = static_cast<double>(group_.size()) / nodes_ - 1.0;
    cost.latency = protocol.base + 2.0 * (chain * (protocol.step + parameters_.nvlink_latency) +
                                          deep * (protocol.tree_step + parameters_.fabric_latency));
    cost.seconds_per_byte /= kTreeShare;
    return cost;
  }

  const LinkGraph& graph_;
  std::span<const GpuId> group_;
  const CollectiveParameters& parameters_;
  int passes_;
  double nodes_ = 1.0;
  double wire_ = 0.0;  // bytes that each GPU sends per byte of the message
  CollectiveCost ll_, ll128_, simple_;
};

}  // namespace

Collective nccl_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters) {
  if (group.size() < 2) return {};
  const NcclRings& p = parameters.nccl.rings;
  const Rings rings(graph, group, parameters, 2, p.all_reduce_share);
  std::vector<CollectivePiece> pieces = rings.pieces(p.all_reduce_simple_from);
  const bool across = by_node(graph, group).size() > 1, switches = switches_reduce(graph, group, parameters);
  if (across) {
    const std::vector<CollectivePiece> trees = rings.trees();
    pieces.insert(pieces.end(), trees.begin(), trees.end());
    if (switches) pieces.push_back({"NVLS tree", nvls_tree_all_reduce(graph, group, parameters)});
  } else if (switches) {
    pieces.push_back({"NVLS", nvls_all_reduce(graph, group, parameters)});
  }
  return Collective(std::move(pieces));
}

Collective nccl_all_gather(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters) {
  if (group.size() < 2) return {};
  const NcclRings& p = parameters.nccl.rings;
  return Collective(Rings(graph, group, parameters, 1, p.all_gather_share).pieces(p.gather_simple_from));
}

Collective nccl_reduce_scatter(const LinkGraph& graph, std::span<const GpuId> group,
                               const CollectiveParameters& parameters) {
  if (group.size() < 2) return {};
  const NcclRings& p = parameters.nccl.rings;
  return Collective(Rings(graph, group, parameters, 1, p.reduce_scatter_share).pieces(p.gather_simple_from));
}

}  // namespace switchyard
