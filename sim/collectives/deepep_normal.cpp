// DeepEP's normal kernels (github.com/deepseek-ai/DeepEP): a token crosses InfiniBand once for each node that
// it goes to, to the rank at the sender's place there, which hands it on over NVLink once for each rank. The
// kernels use a fixed number of multiprocessors, whose copying can take longer than the links.
#include <algorithm>

#include "sim/collectives/distinct.hpp"
#include "sim/collectives/exchange_kinds.hpp"
#include "sim/collectives/groups.hpp"
#include "sim/collectives/uneven_loads.hpp"

namespace switchyard {
namespace {

/// While chunks fill the pipeline, transfers take longer; the loss ends once it is full.
ExchangeTime filled(Seconds latency, Seconds transfer, double filling, Seconds longest) {
  return {latency + std::min((filling - 1.0) * transfer, longest), transfer};
}

/// Of the busiest rank.
struct Busiest {
  Bytes in_node, between_nodes;
};
Busiest busiest(std::span<const RankTraffic> traffic) {
  Busiest most;
  for (const RankTraffic& rank : traffic) {
    most.in_node = std::max({most.in_node, rank.send_in_node, rank.receive_in_node});
    most.between_nodes = std::max({most.between_nodes, rank.send_to_fabric, rank.receive_from_fabric});
  }
  return most;
}

/// What reaches the others as a share of what reaches all, spread evenly: (n - 1) / n.
double with_own(double n) { return n > 1.0 ? n / (n - 1.0) : 1.0; }

class NormalExchange : public Exchange {
 public:
  NormalExchange(const LinkGraph& graph, std::vector<GpuId> group, const CollectiveParameters& parameters,
                 const ExchangeShape& shape)
      : parameters_(parameters), shape_(shape), loads_(graph, std::move(group), Landing::same_place) {
    const auto nodes = by_node(graph, loads_.group());
    nodes_ = static_cast<double>(nodes.size());
    for (const auto& node : nodes) places_ = std::max(places_, static_cast<double>(node.size()));
  }

  std::span<const LinkId> links() const override { return loads_.links(); }
  ExchangeTime dispatch(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const override {
    const DeepEpParameters& p = parameters_.deepep;
    if (!loads_.in_one_node())
      return across(p.normal_dispatch_across, p.normal_dispatch_in_node, traffic, loads);
    return in_node(p.normal_dispatch_in_node, shape_.dispatch_row, traffic, loads);
  }
  ExchangeTime combine(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const override {
    const DeepEpParameters& p = parameters_.deepep;
    if (!loads_.in_one_node())
      return across(p.normal_combine_across, p.normal_combine_in_node, traffic, loads);
    return in_node(p.normal_combine_in_node, shape_.combine_row, traffic, loads);
  }

 private:
  ExchangeTime in_node(const NormalKernelInNode& kernel, Bytes row, std::span<const RankTraffic> traffic,
                       std::span<Bytes> loads) const {
    const Seconds links = loads_.add(traffic, {kernel.nvlink_share, 1.0}, loads);
    if (links == Seconds()) return {};
    const double copies = busiest(traffic).in_node / row * with_own(places_);
    const double tokens = copies / distinct_bins(places_, shape_.experts, shape_.top_k);
    const Seconds work = tokens * kernel.work_per_token + copies * kernel.work_per_copy +
                         copies * row.value() * kernel.work_per_byte;
    const Seconds latency = kernel.base + row.value() * kernel.per_row_byte + parameters_.nvlink_latency;
    return filled(latency, std::max(links, work / parameters_.deepep.normal_sms), kernel.filling,
                  kernel.longest_filling);
  }

  ExchangeTime across(const NormalKernelAcrossNodes& kernel, const NormalKernelInNode& inside,
                      std::span<const RankTraffic> traffic, std::span<Bytes> loads) const {
    const Seconds links = loads_.add(traffic, {inside.nvlink_share, kernel.fabric_share}, loads);
    if (links == Seconds()) return {};
    const Busiest most = busiest(traffic);
    const Bytes copied = most.between_nodes * with_own(nodes_) + most.in_node * with_own(places_);
    const Seconds work = copied.value() * kernel.work_per_byte / parameters_.deepep.normal_sms;
    ExchangeTime time = filled(kernel.base + parameters_.fabric_latency, std::max(links, work),
                               kernel.filling, kernel.longest_filling);
    time.notify = kernel.notify;
    return time;
  }

  CollectiveParameters parameters_;
  ExchangeShape shape_;
  UnevenLoads loads_;
  double nodes_ = 1.0;
  double places_ = 1.0;  // of the fullest node
};

}  // namespace

std::unique_ptr<Exchange> deepep_normal(const LinkGraph& graph, std::vector<GpuId> group,
                                        const CollectiveParameters& parameters, const ExchangeShape& shape) {
  return std::make_unique<NormalExchange>(graph, std::move(group), parameters, shape);
}

}  // namespace switchyard
