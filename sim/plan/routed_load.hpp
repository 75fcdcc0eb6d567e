// Where the tokens of a step go: the load of every expert-parallel rank in every MoE layer, read from the
// routing bank.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/cost/engine_profile.hpp"
#include "sim/plan/batch.hpp"
#include "sim/plan/expert_slots.hpp"
#include "sim/plan/token_spread.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

struct RoutingModeRow {
  std::string_view name;
  std::string_view description;
};
/// bank: the gates' own choices (also `exact`, `trace` and `uniform`: banks whose rows are recorded, or
/// uniform draws) · balanced: every expert gets the same.
std::span<const RoutingModeRow> routing_modes();

enum class RoutingMode { bank, balanced };

/// One layer's assignments on one expert-parallel rank.
struct ExpertLoad {
  std::int64_t rows = 0;
  std::int64_t tiled_rows = 0;  // each expert's rows rounded up to the tile of the grouped product
  std::int64_t active = 0;      // distinct experts with at least one row
  std::int64_t reads = 0;       // of one expert's weights, by all of them together

  ExpertLoad& operator+=(const ExpertLoad& other) {
    rows += other.rows;
    tiled_rows += other.tiled_rows;
    active += other.active;
    reads += other.reads;
    return *this;
  }
  /// At least as much of everything.
  bool covers(const ExpertLoad& other) const {
    return rows >= other.rows && tiled_rows >= other.tiled_rows && active >= other.active &&
           reads >= other.reads;
  }
  /// Of a rank where this is all of them together; rounded.
  ExpertLoad mean(std::int64_t ranks) const {
    const auto rounded = [&](std::int64_t sum) { return (2 * sum + ranks) / (2 * ranks); };
    return {rounded(rows), rounded(tiled_rows), rounded(active), rounded(reads)};
  }
};

/// What routing did to the expert-parallel ranks in one step: means over MoE layers, and sums.
struct RoutingSpread {
  double active_experts = 0.0;  // distinct experts at work on a rank
  double imbalance = 0.0;       // max / mean rows over ranks
  std::int64_t dropped = 0;     // assignments beyond their experts' capacity, of all MoE layers
  Seconds waiting;              // for the slowest expert rank, beyond what one with the mean load takes
  Seconds hidden;               // of exchanges around the experts, beside other work
  std::int64_t in_halves = 0;   // steps whose batches were split in two that take turns

  RoutingSpread& operator+=(const RoutingSpread& other) {
    active_experts += other.active_experts;
    imbalance += other.imbalance;
    dropped += other.dropped;
    waiting += other.waiting;
    hidden += other.hidden;
    in_halves += other.in_halves;
    return *this;
  }
};

/// By MoE layer; none: every assignment is taken.
using CapacityFactors = std::vector<std::optional<double>>;

class RoutedLoad {
 public:
  /// The bank must outlive this. Empty `capacity` is none in every layer.
  RoutedLoad(const RoutingBank& bank, RoutingMode mode, std::shared_ptr<const ExpertSlots> slots,
             ExpertTiling tiling, CapacityFactors capacity = {});

  /// Routes one step. Its tokens, those of all ranks, are the batch that an expert's capacity is a share of;
  /// beyond it assignments are dropped, of the last ranks first. The tokens of an expert with replicas are
  /// dealt to them round robin, by their places in the step's list of assignments sorted by expert (vLLM: by
  /// their places in the batch).
  void route(std::span<const RankBatch> ranks);

  /// The same, keeping every rank's own counts: a pairwise exchange needs to know who sends.
  void route_by_source(std::span<const RankBatch> ranks);

  ExpertLoad load(std::int64_t moe_layer, std::int64_t expert_rank) const {
    return loads(moe_layer)[static_cast<std::size_t>(expert_rank)];
  }
  /// [ranks].
  std::span<const ExpertLoad> loads(std::int64_t moe_layer) const {
    const auto ranks = static_cast<std::size_t>(slots_->ranks());
    return {loads_.data() + static_cast<std::size_t>(moe_layer) * ranks, ranks};
  }
  /// After route_by_source: assignments of one batch's tokens to every expert rank. Valid until the next
  /// call.
  std::span<const std::uint32_t> sent(std::int64_t moe_layer, std::int64_t source);

  /// Before reached() may be asked: where the ranks are.
  void place_ranks(RankNodes nodes);
  /// `weight` x counts.
  struct Reached {
    const SpreadCounts* counts = nullptr;
    double weight = 1.0;
  };
  /// After route_by_source with the same `ranks`: the tokens of one of them that reach each expert rank and
  /// each node, with however many of their experts; dropped assignments reach nobody. When balanced every
  /// rank and every node gets what the gates' own choices give it on average. Valid until the next call.
  Reached reached(std::span<const RankBatch> ranks, std::size_t source);

  std::int64_t expert_ranks() const { return slots_->ranks(); }
  /// Assignments that are not dropped.
  const ExpertCounts& counts() const { return counts_; }
  /// Dropped assignments of the step, of all MoE layers.
  std::int64_t dropped() const { return dropped_; }
  /// For a step that was routed in parts: what those dropped.
  void count_dropped(std::int64_t dropped) { dropped_ = dropped; }

 private:
  /// Deals the assignments of `tokens` out evenly, going on where `before` assignments have come to.
  void balance(std::int64_t tokens, std::int64_t tokens_before, ExpertCounts& counts) const;
  /// Cuts counts down to the experts' capacity, those of the first `sources` sources in turn.
  void drop_beyond_capacity(std::size_t sources);
  /// The same in one layer; returns how many it dropped.
  std::int64_t cut(std::int64_t layer, std::uint32_t capacity, std::size_t sources);
  /// Where each expert's first row stands in its layer's sorted list; of each source its own first.
  void find_first_rows(std::size_t sources);
  void check_conserved() const;
  /// What the rows of one source reach, assignment by assignment as they are dealt and dropped.
  void walk(std::size_t source, const RankBatch& batch);
  void walk_row(std::size_t source, std::span<const std::uint16_t> row);
  Reached balanced_spread(const RankBatch& batch);
  void find_loads();
  /// What each slot of a layer gets of these counts.
  std::span<const std::uint32_t> slot_rows(std::int64_t layer, const ExpertCounts& of,
                                           const ExpertCounts& first_rows);
  void find_load(std::span<const std::uint32_t> slot_rows, ExpertLoad& load) const;

  const RoutingBank* bank_;
  RoutingMode mode_;
  std::shared_ptr<const ExpertSlots> slots_;
  ExpertTiling tiling_;
  CapacityFactors capacity_;
  ExpertCounts counts_;
  TokenReads reads_;                             // scratch
  std::vector<std::uint32_t> slot_rows_, sent_;  // scratch
  std::vector<ExpertLoad> loads_;                // [moe_layers, ranks]
  std::vector<ExpertCounts> by_source_;
  ExpertCounts first_rows_;                    // with replicas only
  std::vector<ExpertCounts> first_by_source_;  // the same
  std::int64_t tokens_ = 0;
  std::int64_t dropped_ = 0;
  std::optional<RankNodes> nodes_;             // once the ranks are placed
  std::unique_ptr<const TokenSpread> spread_;  // where a token's places depend on the token alone
  std::optional<SpreadCounts> reached_;        // scratch
  ExpertCounts dealt_;                         // scratch of a walk: rows of the source, by expert
  std::vector<std::uint16_t> places_;          // the same, of a token in one layer
};

/// What every expert is asked in the long run: the assignments of every token of the bank once; balanced: one
/// each.
ExpertCounts expected_loads(const RoutingBank& bank, RoutingMode mode);

/// But for the times.
RoutingSpread spread_of(const RoutedLoad& routed);

}  // namespace switchyard
