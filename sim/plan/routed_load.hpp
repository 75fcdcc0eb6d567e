// Where the tokens of a step go: the load of every expert-parallel rank in every MoE layer, read from the
// routing bank.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/expert_placement.hpp"
#include "sim/plan/batch.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

struct RoutingModeRow {
  std::string_view name;
  std::string_view description;
};
/// bank: the gates' own choices (also `uniform`: a bank whose rows are uniform draws) · balanced: every
/// expert gets the same.
std::span<const RoutingModeRow> routing_modes();

enum class RoutingMode { bank, balanced };

/// One layer's assignments on one expert-parallel rank.
struct ExpertLoad {
  std::int64_t rows = 0;
  std::int64_t tiled_rows = 0;  // each expert's rows rounded up to the tile of the grouped product
  std::int64_t active = 0;      // distinct experts with at least one row

  /// At least as much of everything.
  bool covers(const ExpertLoad& other) const {
    return rows >= other.rows && tiled_rows >= other.tiled_rows && active >= other.active;
  }
};

/// What routing did to the expert-parallel ranks in one step, as means over MoE layers.
struct RoutingSpread {
  double active_experts = 0.0;  // distinct experts at work on a rank
  double imbalance = 0.0;       // max / mean rows over ranks

  RoutingSpread& operator+=(const RoutingSpread& other) {
    active_experts += other.active_experts;
    imbalance += other.imbalance;
    return *this;
  }
};

class RoutedLoad {
 public:
  /// The bank must outlive this. Every layer's number of experts is a multiple of `expert_ranks`.
  RoutedLoad(const RoutingBank& bank, RoutingMode mode, const ExpertPlacement& placement,
             std::int64_t expert_ranks, std::int64_t tile);

  /// Routes one step.
  void route(std::span<const RankBatch> ranks);

  /// The same, keeping every rank's own counts: a pairwise exchange needs to know who sends.
  void route_by_source(std::span<const RankBatch> ranks);

  ExpertLoad load(std::int64_t moe_layer, std::int64_t expert_rank) const;
  /// After route_by_source: assignments of one batch's tokens to one expert rank.
  std::int64_t sent(std::int64_t moe_layer, std::int64_t source, std::int64_t expert_rank) const;

  std::int64_t expert_ranks() const { return expert_ranks_; }
  const ExpertCounts& counts() const { return counts_; }

 private:
  /// The experts of a layer by rank.
  struct Placed {
    std::vector<std::uint16_t> experts;  // ordered by rank
    std::vector<std::size_t> first;      // of each rank in experts, and the end
  };
  static Placed placed(std::int64_t num_experts, const ExpertPlacement& placement, std::int64_t ranks);
  std::span<const std::uint16_t> experts_on(std::int64_t moe_layer, std::int64_t expert_rank) const;

  /// Deals the assignments of `tokens` out evenly, going on where `before` assignments have come to.
  void balance(std::int64_t tokens, std::int64_t tokens_before, ExpertCounts& counts) const;
  void check_conserved() const;

  const RoutingBank* bank_;
  RoutingMode mode_;
  std::int64_t tile_;
  std::int64_t expert_ranks_;
  std::vector<Placed> placed_;                // one for each number of experts in the model
  std::vector<std::size_t> placed_of_layer_;  // its index, by MoE layer
  ExpertCounts counts_;
  std::vector<ExpertCounts> by_source_;
  std::int64_t tokens_ = 0;
};

RoutingSpread spread_of(const RoutedLoad& routed);

}  // namespace switchyard
