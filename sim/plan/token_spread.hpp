// How many tokens reach each expert-parallel rank and each node at all, under a placement of the experts:
// what an exchange moves that sends a token once to a rank, or once to a node, however many of its experts
// are there (DeepEP's normal kernels).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/plan/expert_slots.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

/// Where the expert ranks are: by MoE layer (pipeline stages have ranks of their own), the node of each rank.
/// Nodes of a layer are numbered 0, 1, … without gaps.
class RankNodes {
 public:
  /// node_of: [moe_layers][ranks].
  explicit RankNodes(std::vector<std::vector<std::uint16_t>> node_of);

  std::int64_t ranks() const { return ranks_; }
  /// The most of any layer.
  std::int64_t nodes() const { return nodes_; }
  std::span<const std::uint16_t> of(std::int64_t moe_layer) const {
    return node_of_[static_cast<std::size_t>(moe_layer)];
  }

 private:
  std::vector<std::vector<std::uint16_t>> node_of_;
  std::int64_t ranks_ = 0, nodes_ = 0;
};

/// Counters of every MoE layer, row-major [moe_layers, ranks + nodes + 1]; the last of a row counts nothing.
class SpreadCounts {
 public:
  SpreadCounts(std::int64_t layers, const RankNodes& nodes)
      : ranks_(static_cast<std::size_t>(nodes.ranks())),
        width_(ranks_ + static_cast<std::size_t>(nodes.nodes()) + 1),
        counts_(static_cast<std::size_t>(layers) * width_) {}

  void clear() { counts_.assign(counts_.size(), 0); }
  std::size_t width() const { return width_; }
  std::span<std::uint32_t> all() { return counts_; }
  std::span<const std::uint32_t> all() const { return counts_; }
  /// Tokens with at least one expert on the rank.
  std::span<const std::uint32_t> on_ranks(std::int64_t layer) const { return row(layer).first(ranks_); }
  /// Tokens with at least one expert on the node.
  std::span<const std::uint32_t> on_nodes(std::int64_t layer) const {
    return row(layer).subspan(ranks_, width_ - ranks_ - 1);
  }

 private:
  std::span<const std::uint32_t> row(std::int64_t layer) const {
    return std::span(counts_).subspan(static_cast<std::size_t>(layer) * width_, width_);
  }
  std::size_t ranks_, width_;
  std::vector<std::uint32_t> counts_;
};

/// Where a token's experts are in one layer, each rank and node once: [2 top_k] indices of a row of
/// SpreadCounts, filled up with that of the last.
class ReachedPlaces {
 public:
  /// `to` has 2 top_k places, which become those of no expert.
  ReachedPlaces(std::span<std::uint16_t> to, const RankNodes& nodes);
  /// An expert on a rank, whose node in this layer is given.
  void add(std::uint16_t rank, std::uint16_t node);

 private:
  std::span<std::uint16_t> to_;
  std::uint16_t ranks_;
  std::size_t of_ranks_ = 0, of_nodes_ = 0;
};

class TokenSpread {
 public:
  /// As if every expert had its first slot alone. The bank is not exact: where a token goes depends on the
  /// token alone. Precomputed once: the places of every token of the bank, and sums along its rings, at most
  /// 64 MiB of those. The bank must outlive this.
  TokenSpread(const RoutingBank& bank, const ExpertSlots& slots, const RankNodes& nodes);

  /// Adds the tokens of a run: blocks of consecutive tokens from sums, odd ones singly.
  void add(const TokenRun& run, SpreadCounts& counts) const;
  /// All tokens of the bank, and how many those are.
  const SpreadCounts& long_run() const { return long_run_; }
  std::int64_t tokens() const { return bank_->tokens(); }

 private:
  void find_places(const ExpertSlots& slots, const RankNodes& nodes);
  void sum_up();
  void add_tokens(std::size_t domain, std::uint64_t first, std::uint64_t last, SpreadCounts& counts) const;
  void add_stretch(const RoutingBank::Stretch& stretch, SpreadCounts& counts) const;
  std::span<const std::uint32_t> sums(std::size_t domain, std::uint64_t block) const;

  const RoutingBank* bank_;
  std::size_t layers_, of_token_;                     // places of a token in a layer
  std::vector<std::size_t> first_token_, first_sum_;  // of each domain
  std::vector<std::uint16_t> places_;                 // [tokens, layers, 2 top_k]
  int block_bits_ = 4;
  std::vector<std::uint32_t> sums_;  // by domain, [blocks + 1] of SpreadCounts
  SpreadCounts long_run_;
};

}  // namespace switchyard
