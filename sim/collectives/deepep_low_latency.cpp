// DeepEP's low-latency kernels (github.com/deepseek-ai/DeepEP): a copy of each token goes straight into the
// buffer of each chosen expert's rank, over NVLink inside the node and over InfiniBand between nodes.
#include <algorithm>

#include "sim/collectives/exchange_kinds.hpp"
#include "sim/collectives/uneven_loads.hpp"

namespace switchyard {
namespace {

class LowLatencyExchange : public Exchange {
 public:
  LowLatencyExchange(const LinkGraph& graph, std::vector<GpuId> group, const CollectiveParameters& parameters,
                     const ExchangeShape& shape)
      : parameters_(parameters), shape_(shape), loads_(graph, std::move(group), Landing::receiver) {}

  std::span<const LinkId> links() const override { return loads_.links(); }
  ExchangeTime dispatch(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const override {
    return time(parameters_.deepep.low_latency_dispatch, shape_.dispatch_row, traffic, loads);
  }
  ExchangeTime combine(std::span<const RankTraffic> traffic, std::span<Bytes> loads) const override {
    return time(parameters_.deepep.low_latency_combine, shape_.combine_row, traffic, loads);
  }

 private:
  ExchangeTime time(const LowLatencyKernel& kernel, Bytes row, std::span<const RankTraffic> traffic,
                    std::span<Bytes> loads) const {
    const Seconds links = loads_.add(traffic, {kernel.nvlink_share, kernel.fabric_share}, loads);
    if (links == Seconds()) return {};
    return {latency(kernel, row), std::max(links, sending(kernel, row, traffic))};
  }

  Seconds latency(const LowLatencyKernel& kernel, Bytes row) const {
    if (!loads_.in_one_node()) return kernel.between_nodes + parameters_.fabric_latency;
    return kernel.base + static_cast<double>(shape_.experts) * kernel.per_expert +
           row.value() * kernel.per_row_byte + parameters_.nvlink_latency;
  }

  /// Each multiprocessor casts and sends its share of the busiest rank's tokens, the rank's own copies too.
  Seconds sending(const LowLatencyKernel& kernel, Bytes row, std::span<const RankTraffic> traffic) const {
    Bytes most;
    for (const RankTraffic& rank : traffic) most = std::max(most, rank.send_in_node + rank.send_to_fabric);
    const double ranks = static_cast<double>(traffic.size());
    const double tokens = most / row * ranks / (ranks - 1.0) / static_cast<double>(shape_.top_k);
    const double senders = std::min(static_cast<double>(shape_.experts), parameters_.deepep.multiprocessors);
    return tokens * shape_.combine_row.value() * kernel.per_sent_byte / senders;
  }

  CollectiveParameters parameters_;
  ExchangeShape shape_;
  UnevenLoads loads_;
};

}  // namespace

std::unique_ptr<Exchange> deepep_low_latency(const LinkGraph& graph, std::vector<GpuId> group,
                                             const CollectiveParameters& parameters,
                                             const ExchangeShape& shape) {
  return std::make_unique<LowLatencyExchange>(graph, std::move(group), parameters, shape);
}

}  // namespace switchyard
