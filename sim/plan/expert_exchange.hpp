// Dispatch and combine around the experts of one pipeline stage, for backends that move tokens one by one:
// counts a step's copies, and gives each layer's two directions as time and loads.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "sim/collectives/exchange.hpp"
#include "sim/plan/exchange_traffic.hpp"
#include "sim/plan/phases.hpp"

namespace switchyard {

/// What runs beside an exchange.
struct SideWork {
  Seconds time;
  Seconds products;  // of it, matrix products launched on the multiprocessors that exchanges leave, whether
                     // one runs or not: where two halves of a batch take turns

  SideWork operator+(const SideWork& other) const { return {time + other.time, products + other.products}; }
};

/// One direction of an exchange. Lasts latency + transfer alone, and never less beside work, nor does the
/// work. Both last at most as long as one after the other on the multiprocessors that are left.
struct ExchangeLeg {
  ExchangeLeg() = default;
  ExchangeLeg(ExchangeLeg&&) = default;  // load goes on referring to listed
  ExchangeLeg& operator=(ExchangeLeg&&) = default;

  Seconds latency, transfer;
  Seconds stolen;                // from work beside it, while its kernels use multiprocessors
  Bytes copied;                  // through memory by kernels that use all of them, on the busiest rank
  double kept = 0.0;             // the share of the multiprocessors that its kernels keep all along
  PhaseLoad load;                // on the links
  std::vector<LinkLoad> listed;  // what load refers to, unless that is a collective's
  std::vector<Transfer> pairs;   // the same; where they are kept

  Seconds total() const { return latency + transfer; }
  /// What `work` loses beside it.
  Seconds lost(const SideWork& work) const {
    if (total() == Seconds(0.0)) return Seconds(0.0);
    if (kept == 0.0) return std::min(stolen, total());
    const double slower = kept / (1.0 - kept);
    return work.products * slower + std::min(stolen, (work.time - work.products) * slower);
  }
  /// Beyond the `work` that runs beside it.
  Seconds exposed(const SideWork& work) const {
    return total() == Seconds(0.0) ? Seconds(0.0) : std::max(total(), work.time + lost(work)) - work.time;
  }
  /// What `work` hides of it.
  Seconds hidden(const SideWork& work) const { return std::max(Seconds(0.0), total() - exposed(work)); }
  /// `work` runs beside it.
  Phase phase(const SideWork& work) const {
    return {Seconds(0.0), latency, transfer, work.time + lost(work), std::span(&load, 1)};
  }
};

class ExpertExchange {
 public:
  /// `tensor`: GPUs that share the tokens of one attention data-parallel rank. `graph` must outlive this.
  ExpertExchange(const LinkGraph& graph, std::vector<GpuId> group, std::int64_t tensor,
                 const ExchangeBackend& backend, const CollectiveParameters& parameters,
                 const ExchangeShape& shape);

  std::span<const LinkId> links() const { return exchange_->links(); }
  const ExchangeTraffic& traffic() const { return traffic_; }
  Counts counts() const { return counts_; }

  /// As ExchangeTraffic::count.
  void count(RoutedLoad& routed, std::span<const RankBatch> ranks, std::int64_t first, std::int64_t last) {
    traffic_.count(routed, ranks, first, last);
  }
  /// Whether legs tell who sends how much to whom: only simulating every transfer needs it.
  enum class Pairs { left_out, kept };
  void keep_pairs(Pairs pairs) { pairs_ = pairs; }
  ExchangeLeg dispatch(std::int64_t moe_layer);
  ExchangeLeg combine(std::int64_t moe_layer);

 private:
  /// `passes`: so often the kernels read or write each copy.
  ExchangeLeg leg(const ExchangeTime& time, double passes);

  const LinkGraph* graph_;
  std::vector<GpuId> group_;
  Pairs pairs_ = Pairs::left_out;
  ExchangeTraffic traffic_;
  ExchangeShape shape_;
  std::unique_ptr<Exchange> exchange_;
  Landing landing_ = Landing::receiver;
  Taken taken_ = Taken::nothing;
  Counts counts_ = Counts::on_gpu;
  double kept_ = 0.0;
  std::vector<RankTraffic> bytes_;  // scratch, one a rank
  std::vector<Bytes> loads_;        // scratch, by link
};

}  // namespace switchyard
