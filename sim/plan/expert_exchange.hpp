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

/// One direction of an exchange. Lasts latency + transfer alone; work that runs beside it loses `stolen` of
/// its own time to the multiprocessors that the exchange's kernels use.
struct ExchangeLeg {
  ExchangeLeg() = default;
  ExchangeLeg(ExchangeLeg&&) = default;  // load goes on referring to listed
  ExchangeLeg& operator=(ExchangeLeg&&) = default;

  Seconds latency, transfer, stolen;
  PhaseLoad load;                // on the links
  std::vector<LinkLoad> listed;  // what load refers to, unless that is a collective's
  std::vector<Transfer> pairs;   // the same; where they are kept

  Seconds total() const { return latency + transfer; }
  /// Beyond the `work` that runs beside it.
  Seconds exposed(Seconds work) const {
    return total() == Seconds(0.0) ? Seconds(0.0) : std::max(total(), work + stolen) - work;
  }
  /// What `work` hides of it.
  Seconds hidden(Seconds work) const { return std::max(Seconds(0.0), total() - exposed(work)); }
  /// `work` runs beside it.
  Phase phase(Seconds work) const {
    const Seconds hidden = total() == Seconds(0.0) ? work : work + stolen;
    return {Seconds(0.0), latency, transfer, hidden, std::span(&load, 1)};
  }
};

/// How much of a GPU an exchange's kernels take from work beside it, while they run.
enum class Taken {
  nothing,  // that is known
  latency,  // all of it while it sends and receives, nothing while bytes are under way
  part      // of its multiprocessors, all the time
};

class ExpertExchange {
 public:
  /// `tensor`: GPUs that share the tokens of one attention data-parallel rank. `graph` must outlive this.
  ExpertExchange(const LinkGraph& graph, std::vector<GpuId> group, std::int64_t tensor,
                 const ExchangeBackend& backend, const CollectiveParameters& parameters,
                 const ExchangeShape& shape);

  std::span<const LinkId> links() const { return exchange_->links(); }
  const ExchangeTraffic& traffic() const { return traffic_; }

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
  ExchangeLeg leg(const ExchangeTime& time);

  const LinkGraph* graph_;
  std::vector<GpuId> group_;
  Pairs pairs_ = Pairs::left_out;
  ExchangeTraffic traffic_;
  ExchangeShape shape_;
  std::unique_ptr<Exchange> exchange_;
  Landing landing_ = Landing::receiver;
  Taken taken_ = Taken::nothing;
  double part_ = 0.0;
  std::vector<RankTraffic> bytes_;  // scratch, one a rank
  std::vector<Bytes> loads_;        // scratch, by link
};

}  // namespace switchyard
