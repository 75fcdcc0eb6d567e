// Every rank sends every other what is for it: NCCL's grouped sends and receives.
#include <algorithm>

#include "sim/collectives/exchange_kinds.hpp"
#include "sim/collectives/groups.hpp"
#include "sim/collectives/nccl.hpp"
#include "sim/collectives/uneven_loads.hpp"

namespace switchyard {
namespace {

/// `routed`, if hierarchical: what crosses nodes passes the rank at the receiver's place first.
class PairsExchange : public Exchange {
 public:
  PairsExchange(const LinkGraph& graph, std::vector<GpuId> group, const CollectiveParameters& parameters,
                Landing landing)
      : rate_(parameters.nccl.pairs.ll_rate),
        hierarchical_(landing == Landing::same_place),
        loads_(graph, std::move(group), landing) {
    const auto nodes = by_node(graph, loads_.group());
    for (const auto& node : nodes) places_ = std::max(places_, static_cast<double>(node.size()));
    const double n = static_cast<double>(loads_.group().size()), across = static_cast<double>(nodes.size());
    peers_ = hierarchical_ ? places_ - 1.0 + across - 1.0 : n - 1.0;
    const Transport transport = pairs_transport(parameters, n);
    shares_ = {transport.nvlink_efficiency, transport.fabric_efficiency};
    simple_ = pairs_latency(parameters, parameters.nccl.pairs.simple_base, peers_, across);
    ll_ = pairs_latency(parameters, parameters.nccl.pairs.ll_base, peers_, across);
  }

  std::span<const LinkId> links() const override { return loads_.links(); }

  /// Simple at the links' rates, or LL at a channel's for each peer, whichever is faster.
  ExchangeTime dispatch(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const override {
    if (hierarchical_) traffic = routed(traffic);
    const Seconds links = loads_.add(traffic, shares_, loads);
    if (links == Seconds()) return {};
    Bytes most;
    for (const RankTraffic& rank : traffic) most = std::max(most, rank.send_in_node + rank.send_to_fabric);
    const ExchangeTime simple{simple_, links}, ll{ll_, std::max(kLlWords * links, most / peers_ / rate_)};
    if (ll.total() >= simple.total()) return simple;
    loads_.add(traffic, shares_, loads);  // the flags
    return ll;
  }
  ExchangeTime combine(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const override {
    return dispatch(traffic, loads);
  }

 private:
  /// Towards another place's rail goes all but the own place's share. Receivers stand at every place of the
  /// other nodes, so each rank is a gateway for as much as it hands over.
  std::span<const RankTraffic> routed(std::span<const RankTraffic> traffic) const {
    routed_.assign(traffic.begin(), traffic.end());
    for (RankTraffic& rank : routed_) {
      const Bytes hop = rank.send_to_fabric * ((places_ - 1.0) / places_);
      rank.send_in_node += hop;
      rank.receive_in_node += hop;
    }
    return routed_;
  }

  BytesPerSecond rate_;
  bool hierarchical_;
  UnevenLoads loads_;
  LinkShares shares_;
  double places_ = 1.0, peers_ = 0.0;
  Seconds simple_, ll_;
  mutable std::vector<RankTraffic> routed_;  // scratch
};

}  // namespace

std::unique_ptr<Exchange> pairwise_exchange(const LinkGraph& graph, std::vector<GpuId> group,
                                            const CollectiveParameters& parameters, const ExchangeShape&) {
  return std::make_unique<PairsExchange>(graph, std::move(group), parameters, Landing::receiver);
}

// Tutel's 2DH all-to-all (Hwang et al. 2023); NCCL's PXN does the same inside one call. The phases overlap
// chunk by chunk: more bytes inside nodes, fewer and larger messages between them.
std::unique_ptr<Exchange> hierarchical_exchange(const LinkGraph& graph, std::vector<GpuId> group,
                                                const CollectiveParameters& parameters,
                                                const ExchangeShape&) {
  return std::make_unique<PairsExchange>(graph, std::move(group), parameters, Landing::same_place);
}

}  // namespace switchyard
