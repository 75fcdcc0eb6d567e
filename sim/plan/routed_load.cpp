// Sums of routing-bank rows by expert-parallel rank.
#include "sim/plan/routed_load.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

std::int64_t routed_tokens(std::span<const RankBatch> ranks) {
  std::int64_t tokens = 0;
  for (const RankBatch& batch : ranks)
    for (const TokenRun& run : batch.routed) tokens += run.tokens;
  return tokens;
}

}  // namespace

std::span<const RoutingModeRow> routing_modes() {
  static constexpr std::array<RoutingModeRow, 3> kTable = {{
      {"bank", "a pool of generated tokens routed by the real gates before the run"},
      {"uniform", "every token draws its experts uniformly (for comparison)"},
      {"balanced", "every expert gets the same number of rows (for comparison)"},
  }};
  return kTable;
}

RoutedLoad::RoutedLoad(const RoutingBank& bank, RoutingMode mode, const ExpertPlacement& placement,
                       std::int64_t expert_ranks, std::int64_t tile)
    : bank_(&bank), mode_(mode), tile_(tile), expert_ranks_(expert_ranks), counts_(bank.empty_counts()) {
  std::map<std::int64_t, std::size_t> known;  // by number of experts
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer) {
    const std::int64_t experts = bank.gate(layer).num_experts;
    const auto [found, is_new] = known.try_emplace(experts, placed_.size());
    if (is_new) placed_.push_back(placed(experts, placement, expert_ranks));
    placed_of_layer_.push_back(found->second);
  }
}

RoutedLoad::Placed RoutedLoad::placed(std::int64_t num_experts, const ExpertPlacement& placement,
                                      std::int64_t ranks) {
  const std::vector<std::uint16_t> rank_of_expert = placement.place(num_experts, ranks);
  Placed result;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    result.first.push_back(result.experts.size());
    for (std::size_t e = 0; e < rank_of_expert.size(); ++e)
      if (rank_of_expert[e] == rank) result.experts.push_back(static_cast<std::uint16_t>(e));
  }
  result.first.push_back(result.experts.size());
  ensure(result.experts.size() == rank_of_expert.size(), "every expert is placed on a rank");
  return result;
}

std::span<const std::uint16_t> RoutedLoad::experts_on(std::int64_t moe_layer,
                                                      std::int64_t expert_rank) const {
  const Placed& placed = placed_[placed_of_layer_[static_cast<std::size_t>(moe_layer)]];
  const auto rank = static_cast<std::size_t>(expert_rank);
  return std::span(placed.experts).subspan(placed.first[rank], placed.first[rank + 1] - placed.first[rank]);
}

void RoutedLoad::route(std::span<const RankBatch> ranks) {
  tokens_ = routed_tokens(ranks);
  if (mode_ == RoutingMode::balanced) return balance(tokens_, 0, counts_);
  counts_.clear();
  for (const RankBatch& batch : ranks)
    for (const TokenRun& run : batch.routed) bank_->add(run, counts_);
  check_conserved();
}

void RoutedLoad::route_by_source(std::span<const RankBatch> ranks) {
  tokens_ = routed_tokens(ranks);
  by_source_.resize(ranks.size(), bank_->empty_counts());
  counts_.clear();
  std::int64_t before = 0;
  for (std::size_t source = 0; source < ranks.size(); ++source) {
    ExpertCounts& own = by_source_[source];
    if (mode_ == RoutingMode::balanced) {
      const std::int64_t tokens = routed_tokens(ranks.subspan(source, 1));
      balance(tokens, before, own);
      before += tokens;
    } else {
      own.clear();
      for (const TokenRun& run : ranks[source].routed) bank_->add(run, own);
    }
    for (std::size_t i = 0; i < counts_.counts.size(); ++i) counts_.counts[i] += own.counts[i];
  }
  check_conserved();
}

ExpertLoad RoutedLoad::load(std::int64_t moe_layer, std::int64_t expert_rank) const {
  const std::span<const std::uint32_t> counts = counts_.layer(moe_layer);
  ExpertLoad load;
  for (const std::uint16_t expert : experts_on(moe_layer, expert_rank)) {
    const std::int64_t rows = counts[expert];
    load.rows += rows;
    load.tiled_rows += (rows + tile_ - 1) / tile_ * tile_;
    load.active += rows > 0;
  }
  return load;
}

std::int64_t RoutedLoad::sent(std::int64_t moe_layer, std::int64_t source, std::int64_t expert_rank) const {
  const std::span<const std::uint32_t> counts = by_source_[static_cast<std::size_t>(source)].layer(moe_layer);
  std::int64_t rows = 0;
  for (const std::uint16_t expert : experts_on(moe_layer, expert_rank)) rows += counts[expert];
  return rows;
}

RoutingSpread spread_of(const RoutedLoad& routed) {
  const std::int64_t layers = routed.counts().layers;
  const std::int64_t ranks = routed.expert_ranks();
  RoutingSpread spread;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    std::int64_t most = 0, all = 0;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      const ExpertLoad load = routed.load(layer, rank);
      spread.active_experts += static_cast<double>(load.active) / static_cast<double>(layers * ranks);
      most = std::max(most, load.rows);
      all += load.rows;
    }
    const double imbalance = all == 0 ? 1.0 : static_cast<double>(most * ranks) / static_cast<double>(all);
    spread.imbalance += imbalance / static_cast<double>(layers);
  }
  return spread;
}

void RoutedLoad::balance(std::int64_t tokens, std::int64_t tokens_before, ExpertCounts& all) const {
  for (std::int64_t layer = 0; layer < bank_->moe_layers(); ++layer) {
    const std::int64_t experts = bank_->gate(layer).num_experts;
    const std::int64_t rows = tokens * bank_->gate(layer).num_experts_per_tok;
    const std::span<std::uint32_t> counts = all.layer(layer);
    const std::int64_t first = layer + tokens_before * bank_->gate(layer).num_experts_per_tok;
    for (std::int64_t i = 0; i < experts; ++i) {  // the remainder starts at another expert in every layer
      const auto expert = static_cast<std::size_t>((first + i) % experts);
      counts[expert] = static_cast<std::uint32_t>(rows / experts + (i < rows % experts ? 1 : 0));
    }
  }
}

void RoutedLoad::check_conserved() const {
  for (std::int64_t layer = 0; layer < bank_->moe_layers(); ++layer) {
    const auto wanted = static_cast<std::uint64_t>(tokens_ * bank_->gate(layer).num_experts_per_tok);
    std::uint64_t sum = 0;
    for (std::uint32_t count : counts_.layer(layer)) sum += count;
    ensure(sum == wanted, "tokens x top_k assignments are conserved in every MoE layer");
  }
}

}  // namespace switchyard
