// Adding up bytes on the links of routes.
#include "sim/collectives/load_sum.hpp"

#include <algorithm>

namespace switchyard {
namespace {

// Flows that anybody simulates one by one: a pairwise exchange of 64 GPUs.
constexpr std::size_t kMostTransfers = 4096;

}  // namespace

double efficiency(const LinkGraph& graph, std::span<const LinkId> route, const Transport& transport) {
  const auto crosses = [&](LinkId link) { return graph.links()[link].kind == LinkKind::nic; };
  return std::any_of(route.begin(), route.end(), crosses) ? transport.fabric_efficiency
                                                          : transport.nvlink_efficiency;
}

LoadSum::LoadSum(const LinkGraph& graph, const Transport& transport)
    : graph_(graph), transport_(transport), busy_(graph.links().size()) {}

void LoadSum::add(GpuId from, GpuId to, double per_byte) {
  const std::vector<LinkId> route = graph_.route(from, to);
  const double busy = per_byte / efficiency(graph_, route, transport_);
  for (LinkId link : route) busy_[link] += busy;
  if (from == to) return;
  all_noted_ = all_noted_ && transfers_.size() < kMostTransfers;
  if (all_noted_) transfers_.push_back({from, to, Bytes(busy)});
}

CollectiveCost LoadSum::cost(Seconds latency) const {
  CollectiveCost cost;
  cost.latency = latency;
  if (all_noted_) cost.transfers_per_byte = transfers_;
  for (LinkId link = 0; link < busy_.size(); ++link) {
    if (busy_[link] == 0.0) continue;
    cost.loads_per_byte.push_back({link, Bytes(busy_[link])});
    const double seconds = busy_[link] / graph_.links()[link].bandwidth.value();
    if (!cost.bottleneck || seconds > cost.seconds_per_byte) {
      cost.seconds_per_byte = seconds;
      cost.bottleneck = link;
    }
  }
  return cost;
}

}  // namespace switchyard
