// Copies become bytes, bytes become time.
#include "sim/plan/expert_exchange.hpp"

#include <algorithm>
#include <utility>

#include "sim/plan/pair_transfers.hpp"

namespace switchyard {
namespace {

/// How often the low-latency kernels of a rank read or write each copy (internode_ll.cu). Dispatch unpacks
/// what has arrived into the experts' rows: its sender casts a token once for all copies, which is little.
/// Combine copies rows into the buffer that the NIC reads, and reads all that come back to add them up.
/// With 128 tokens of 16 H100s a dispatch so takes the multiprocessors for 25 us, a combine for 41; on H20s
/// DeepEP's test_low_latency measured 36 to 40 and 41 to 50 (its pull request 425).
constexpr double kDispatchPasses = 2.0, kCombinePasses = 3.0;

Bytes busiest(std::span<const RankTraffic> traffic) {
  Bytes most;
  for (const RankTraffic& rank : traffic)
    most = std::max(
        {most, rank.send_in_node + rank.send_to_fabric, rank.receive_in_node + rank.receive_from_fabric});
  return most;
}

}  // namespace

ExpertExchange::ExpertExchange(const LinkGraph& graph, std::vector<GpuId> group, std::int64_t tensor,
                               const ExchangeBackend& backend, const CollectiveParameters& parameters,
                               const ExchangeShape& shape)
    : graph_(&graph),
      group_(group),
      traffic_(graph, group, tensor, backend.copies),
      shape_(shape),
      // What the hierarchical exchange lands elsewhere it has moved inside its nodes before: sums do not
      // tell.
      landing_(backend.copies == Copies::per_node ? backend.landing : Landing::receiver),
      taken_(backend.taken),
      counts_(backend.counts),
      kept_(parameters.deepep.normal_sms / parameters.deepep.multiprocessors),
      bytes_(group.size()),
      loads_(graph.links().size()) {
  exchange_ = backend.make(graph, std::move(group), parameters, shape);
}

ExchangeLeg ExpertExchange::dispatch(std::int64_t moe_layer) {
  const std::span<const RankCopies> copies = traffic_.of(moe_layer);
  for (std::size_t i = 0; i < copies.size(); ++i)
    bytes_[i] = {copies[i].send_in_node * shape_.dispatch_row, copies[i].send_to_fabric * shape_.dispatch_row,
                 copies[i].receive_in_node * shape_.dispatch_row,
                 copies[i].receive_from_fabric * shape_.dispatch_row};
  return leg(exchange_->dispatch(bytes_, loads_), kDispatchPasses);
}

ExchangeLeg ExpertExchange::combine(std::int64_t moe_layer) {
  const std::span<const RankCopies> copies = traffic_.of(moe_layer);
  for (std::size_t i = 0; i < copies.size(); ++i)
    bytes_[i] = {copies[i].receive_in_node * shape_.combine_row,
                 copies[i].receive_from_fabric * shape_.combine_row,
                 copies[i].send_in_node * shape_.combine_row, copies[i].send_to_fabric * shape_.combine_row};
  return leg(exchange_->combine(bytes_, loads_), kCombinePasses);
}

ExchangeLeg ExpertExchange::leg(const ExchangeTime& time, double passes) {
  ExchangeLeg result;
  result.latency = time.latency + time.notify;
  result.transfer = time.transfer;
  if (taken_ == Taken::kernels) {
    result.stolen = time.latency;
    result.copied = passes * busiest(bytes_);
  }
  if (taken_ == Taken::part) {
    result.stolen = time.total() * kept_;
    result.kept = kept_;
  }
  for (const LinkId link : exchange_->links()) {
    const Bytes bytes = std::exchange(loads_[link], Bytes(0.0));
    if (bytes > Bytes(0.0)) result.listed.push_back({link, bytes});
  }
  if (pairs_ == Pairs::kept) result.pairs = pair_transfers(*graph_, group_, bytes_, result.listed, landing_);
  result.load = {result.listed, Bytes(1.0), result.pairs};
  return result;
}

}  // namespace switchyard
