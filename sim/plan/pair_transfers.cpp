// Proportional fitting of pairs to sums.
#include "sim/plan/pair_transfers.hpp"

#include <algorithm>

#include "sim/collectives/groups.hpp"

namespace switchyard {
namespace {

constexpr int kRounds = 100;  // of fitting rows, then columns: to about 1e-9 for traffic of experts

/// [from, to], fitted to row sums `sends` and column sums `receives` where `meet` is 1.
class PairMatrix {
 public:
  PairMatrix(std::size_t size, std::vector<double> meet) : size_(size), pairs_(std::move(meet)) {}

  void fit(std::span<const double> sends, std::span<const double> receives) {
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < size_; ++i) scale(i * size_, 1, sends[i]);
      for (std::size_t i = 0; i < size_; ++i) scale(i, size_, receives[i]);
    }
  }
  double at(std::size_t from, std::size_t to) const { return pairs_[from * size_ + to]; }

 private:
  void scale(std::size_t first, std::size_t stride, double wanted) {
    double sum = 0.0;
    for (std::size_t i = 0; i < size_; ++i) sum += pairs_[first + i * stride];
    if (sum == 0.0) return;
    for (std::size_t i = 0; i < size_; ++i) pairs_[first + i * stride] *= wanted / sum;
  }

  std::size_t size_;
  std::vector<double> pairs_;
};

enum class Reach { in_node, between_nodes };

Reach reach_of(LinkKind kind) {
  return kind == LinkKind::nic || kind == LinkKind::uplink ? Reach::between_nodes : Reach::in_node;
}

Reach reach_of(const LinkGraph& graph, GpuId from, GpuId to) {
  return graph.node_of(from) == graph.node_of(to) ? Reach::in_node : Reach::between_nodes;
}

/// What links inside nodes, or between them, are busy with.
double busy(const LinkGraph& graph, std::span<const LinkLoad> loads, Reach reach) {
  double sum = 0.0;
  for (const LinkLoad& load : loads)
    if (reach_of(graph.links()[load.link].kind) == reach) sum += load.bytes.value();
  return sum;
}

void scale(std::vector<Transfer>& transfers, const LinkGraph& graph, std::span<const LinkLoad> loads,
           Reach reach) {
  const auto goes = [&](const Transfer& t) { return reach_of(graph, t.from, t.to); };
  double own = 0.0, beside = 0.0;  // beside: what the others put on these links
  for (const Transfer& t : transfers)
    for (const LinkId link : graph.route(t.from, t.to)) {
      if (reach_of(graph.links()[link].kind) != reach) continue;
      (goes(t) == reach ? own : beside) += t.bytes.value();
    }
  if (own == 0.0) return;
  const double factor = std::max(0.0, busy(graph, loads, reach) - beside) / own;
  for (Transfer& t : transfers)
    if (goes(t) == reach) t.bytes = t.bytes * factor;
}

}  // namespace

std::vector<Transfer> pair_transfers(const LinkGraph& graph, std::span<const GpuId> group,
                                     std::span<const RankTraffic> traffic, std::span<const LinkLoad> loads,
                                     Landing landing) {
  const std::vector<Seat> seats = seats_of(graph, group);
  const std::size_t size = group.size();
  std::vector<Transfer> transfers;
  for (const Reach reach : {Reach::between_nodes, Reach::in_node}) {
    const bool far = reach == Reach::between_nodes;
    std::vector<double> meet(size * size), sends, receives;
    for (std::size_t i = 0; i < size; ++i) {
      const RankTraffic& t = traffic[i];
      sends.push_back((far ? t.send_to_fabric : t.send_in_node).value());
      receives.push_back((far ? t.receive_from_fabric : t.receive_in_node).value());
      for (std::size_t k = 0; k < size; ++k)
        meet[i * size + k] = i != k && reach_of(graph, group[i], group[k]) == reach &&
                             (!far || landing == Landing::receiver || seats[i].place == seats[k].place);
    }
    PairMatrix pairs(size, std::move(meet));
    pairs.fit(sends, receives);
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t k = 0; k < size; ++k)
        if (pairs.at(i, k) > 0.0) transfers.push_back({group[i], group[k], Bytes(pairs.at(i, k))});
  }
  for (const Reach reach : {Reach::between_nodes, Reach::in_node}) scale(transfers, graph, loads, reach);
  return transfers;
}

}  // namespace switchyard
