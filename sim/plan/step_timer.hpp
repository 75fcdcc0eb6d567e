// The time of one engine step of one replica: a sum over layers of the slowest rank's operators plus exposed
// communication, plus the head, plus host time. With its other files (expert_step.cpp, two_batches.cpp,
// micro_batches.cpp, timetable.cpp) and expert_exchange.hpp the only place that knows what overlaps what:
// pipeline stages, the shared experts and an exchange, the two halves of a batch.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/breakdown.hpp"
#include "sim/plan/batch.hpp"
#include "sim/plan/layer_kinds.hpp"
#include "sim/plan/phases.hpp"
#include "sim/plan/replica_network.hpp"
#include "sim/plan/routed_load.hpp"

namespace switchyard {

/// One line of a step's timetable: an operator or collective of one layer.
struct TimetableEntry {
  std::int64_t layer = 0;  // the number of layers, for what follows the last one
  std::optional<std::size_t>
      rank;  // the dp rank that takes so long and that the others wait for; none: of all
  std::string_view name;
  Part part = Part::elementwise;
  Seconds time;
};

class StepTimer {
 public:
  /// `routed` may be null for models without MoE layers. What the model points to must outlive the timer.
  StepTimer(const ReplicaModel& model, std::shared_ptr<const LayerKinds> kinds, ReplicaNetwork network,
            std::unique_ptr<RoutedLoad> routed);

  /// Times one step: `ranks` has one batch per attention data-parallel rank. The parts sum to the step's
  /// time.
  Breakdown time(std::span<const RankBatch> ranks);
  /// The same, and hands out its phases in the order in which they run; they sum to the step's time too. Runs
  /// of layers between two exchanges have their all-reduces at equal distances, and all replicated work of a
  /// step without exchanges lies between its all-reduces; with pipeline stages a round is one phase.
  Breakdown time(std::span<const RankBatch> ranks, PhaseSink& sink);

  /// The same step, operator by operator, in the order in which they run; the entries sum to the breakdown.
  /// Without pipeline stages only.
  std::vector<TimetableEntry> timetable(std::span<const RankBatch> ranks);

  /// The load of the last step timed; null without MoE layers.
  const RoutedLoad* routed() const { return routed_.get(); }
  /// Of the last step timed, where something routes. Where the halves of a batch take turns, and with
  /// pipeline stages, the times are sums over all parts.
  RoutingSpread spread() const;

 private:
  /// A run of layers between two synchronisations of the dp ranks, and how often the stage repeats it.
  struct Segment {
    std::vector<double> layers_of_kind;
    double repeats = 0.0;
  };
  /// On its slowest rank.
  struct SegmentTime {
    std::size_t rank = 0;
    Breakdown breakdown;  // all-reduces included
    Seconds shared;       // of it, the shared experts' at its end, as far as that makes all ranks wait
  };
  struct MoeLayer {
    std::int64_t layer = 0;
    std::int64_t moe_layer = 0;  // its row in the routing bank
    std::size_t kind = 0;
    std::optional<std::size_t> segment;  // that ends with it; none where no exchange follows
  };
  struct Stage {
    std::vector<Segment> segments;
    std::vector<MoeLayer> moe_layers;
    std::optional<std::size_t> last_segment;  // after the last exchange
  };

  Stage plan_stage(std::int64_t stage) const;
  Breakdown time(std::span<const RankBatch> ranks, PhaseWriter& out);
  Breakdown micro_batched(std::span<const RankBatch> ranks, PhaseWriter& out);
  /// Writes a round of `time` that has put round_loads_ on the links by these transfers.
  void write_round(Seconds time, std::span<const Transfer> transfers, PhaseWriter& out);
  /// Hands the hidden vectors of the fullest rank's tokens on from a stage to the next.
  Seconds hand_on(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out);
  Breakdown stage_time(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out);
  /// Operators of one kind of layer on one dp rank, its own all-reduces included.
  Breakdown layer_on_rank(std::size_t stage, std::size_t kind, std::size_t rank,
                          const RankBatch& batch) const;
  /// Everything between synchronisations: per segment the slowest rank. Fills segment_times_ and
  /// tokens_.
  Breakdown rank_work(std::size_t stage, std::span<const RankBatch> ranks);
  /// Writes one pass of a segment, and `more` work in its midst; after rank_work.
  void write_segment(std::size_t stage, std::size_t segment, std::span<const RankBatch> ranks, Seconds more,
                     PhaseWriter& out);
  /// The dp rank that the others wait for at the end of a segment; after rank_work has filled rank_kinds_.
  std::size_t slowest_rank(const Segment& segment, std::size_t ranks) const;
  Breakdown segment_on_rank(const Segment& segment, std::size_t rank) const;
  /// Of the rank that takes longest with a segment but for its shared experts.
  Seconds longest_unshared(const Segment& segment, std::span<const RankBatch> ranks) const;
  /// Per layer of the only stage: the rank that its segment waits for.
  std::vector<std::size_t> slowest_by_layer(std::size_t ranks) const;
  /// Routed experts of one layer, the products and the activation of the slowest expert rank; after
  /// rank_work.
  struct ExpertTimes {
    Seconds routing, permutation, products, activation;
    Seconds between() const { return permutation + products + activation; }
    SideWork beside() const { return {between(), products}; }
    Breakdown breakdown() const;
  };
  ExpertTimes expert_work(const MoeLayer& layer);
  /// The products and the activation of the slowest expert rank.
  LayerTimes::ExpertTime slowest_experts(const MoeLayer& layer);
  struct ExchangeTimes {
    ExchangeLeg dispatch, combine;
  };
  ExchangeTimes exchange(std::size_t stage, const MoeLayer& layer);
  /// What of the shared experts' time runs beside each direction.
  struct BesideExchange {
    Seconds dispatch, combine;
  };
  BesideExchange beside_exchange(const SegmentTime& segment) const;
  /// Exposed time of each direction.
  struct Exposed {
    Seconds dispatch, combine;
  };
  /// Writes a layer's segment, exchange and experts; what it adds to the step beside the segment and the
  /// experts.
  Exposed write_exchanged(std::size_t stage, const MoeLayer& layer, std::span<const RankBatch> ranks,
                          const ExpertTimes& experts, PhaseWriter& out);
  /// Tensor ranks that hold a share of their tokens each gather them after the combine.
  Seconds gather_tokens(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out);

  /// One half of every rank's batch.
  struct Half {
    std::vector<RankBatch> ranks;
    std::vector<SegmentTime> segments;
    std::vector<ExpertTimes> experts;      // of the stage's MoE layers
    std::vector<ExchangeTimes> exchanges;  // the same
    std::int64_t dropped = 0;
  };
  /// The halves of a batch take turns (vLLM's dual batch overlap): every rank has tokens enough.
  bool takes_turns(std::size_t stage, std::span<const RankBatch> ranks) const;
  Breakdown two_batches(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out);
  Breakdown time_half(std::size_t stage, Half& half);
  /// Writes both halves' phases and notes what each layer's exchanges expose.
  void take_turns(std::size_t stage, const std::array<Half, 2>& halves, PhaseWriter& out);
  /// Up to the dispatch of a MoE layer; behind the last one the rest.
  SideWork work_before(std::size_t stage, const Half& half, std::size_t moe_index) const;
  static std::array<Half, 2> split(std::span<const RankBatch> ranks);

  void write_layers(std::span<const RankBatch> ranks, std::vector<TimetableEntry>& entries);
  void write_halves(std::span<const RankBatch> ranks, std::vector<TimetableEntry>& entries);
  /// Operators before the routed experts.
  void write_layer(std::int64_t layer, std::size_t slowest, std::span<const RankBatch> ranks,
                   std::vector<TimetableEntry>& entries);
  void write_experts(std::int64_t layer, const ExpertTimes& experts, const Exposed& exposed,
                     std::vector<TimetableEntry>& entries) const;
  void write_all_reduces(std::int64_t layer, double count, std::size_t rank, const RankBatch& batch,
                         std::vector<TimetableEntry>& entries) const;
  double all_reduces_of_ffn(std::int64_t layer) const;
  const MoeLayer* moe_layer(std::int64_t layer) const;
  /// Groups that work at the same time, each on a message of its own, none on an empty one: the slowest's
  /// time.
  Seconds together(const std::vector<Collective>& groups, std::span<const Bytes> messages, PhaseWriter& out);
  Breakdown after_layers(std::span<const RankBatch> ranks, PhaseWriter& out);
  Seconds host_time(std::span<const RankBatch> ranks) const;
  void route(std::size_t stage, std::span<const RankBatch> ranks);
  double all_reduces_per_layer(std::size_t kind) const;
  bool routes_by_source() const;
  void place_expert_ranks();

  ReplicaModel model_;
  std::shared_ptr<const LayerKinds> kinds_;
  ReplicaNetwork network_;
  std::unique_ptr<RoutedLoad> routed_;
  std::vector<Stage> stages_;
  Gemm head_;
  Bytes hidden_bytes_;          // of one token's bf16 vector
  std::vector<LinkId> links_;   // of the replica; with pipeline stages only
  Seconds hidden_, imbalance_;  // of the last step
  std::int64_t in_halves_ = 0;  // 1: the last step was, or a part of it
  // Scratch.
  std::vector<Breakdown> rank_kinds_;       // [rank, kind]
  std::vector<SegmentTime> segment_times_;  // of the stage
  StepTokens tokens_;                       // of all ranks
  std::vector<PhaseLoad> phase_loads_;      // of groups that work at the same time
  std::vector<Seconds> exposed_by_layer_;   // of the stage's MoE layers, where halves take turns
  std::vector<LinkLoad> exchanged_;         // of a round of micro-batches
  std::vector<Bytes> round_loads_;          // of one round of micro-batches
};

}  // namespace switchyard
