// Sums of routing-bank rows by expert-parallel rank.
#include "sim/plan/routed_load.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "kernels/expert_capacity.hpp"
#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

std::int64_t routed_tokens(std::span<const RankBatch> ranks) {
  std::int64_t tokens = 0;
  for (const RankBatch& batch : ranks)
    for (const TokenRun& run : batch.routed) tokens += run.tokens;
  return tokens;
}

/// What a slot gets of its expert's rows, the first of which is the `first`-th row of all: those at places
/// that leave its replica's number when divided by the number of replicas.
std::int64_t share(const ExpertSlot& slot, std::int64_t first, std::int64_t rows) {
  const std::int64_t replicas = slot.replicas;
  const auto before = [&](std::int64_t place) { return (place + replicas - 1 - slot.replica) / replicas; };
  return before(first + rows) - before(first);
}

/// Over slots. What a layer counts in a step is less than 2^32.
template <class Term>
std::uint32_t sum_of(std::span<const std::uint32_t> slot_rows, Term term) {
  std::uint32_t sum = 0;
  for (const std::uint32_t rows : slot_rows) sum += term(rows);
  return sum;
}

/// Rows of a slot; first_rows is read where its expert has replicas.
std::int64_t rows_of(const ExpertSlot& slot, std::span<const std::uint32_t> counts,
                     std::span<const std::uint32_t> first_rows) {
  const std::int64_t rows = counts[slot.expert];
  return slot.replicas == 1 ? rows : share(slot, first_rows[slot.expert], rows);
}

}  // namespace

std::span<const RoutingModeRow> routing_modes() {
  static constexpr std::array<RoutingModeRow, 5> kTable = {{
      {"bank", "a pool of generated tokens routed by the real gates before the run"},
      {"exact", "every simulated token is generated and routed anew: the bank's reference, and slow"},
      {"trace", "recorded experts: the file /routing/trace"},
      {"uniform", "every token draws its experts uniformly (for comparison)"},
      {"balanced", "every expert gets the same number of rows (for comparison)"},
  }};
  return kTable;
}

RoutedLoad::RoutedLoad(const RoutingBank& bank, RoutingMode mode, std::shared_ptr<const ExpertSlots> slots,
                       ExpertTiling tiling, CapacityFactors capacity)
    : bank_(&bank),
      mode_(mode),
      slots_(std::move(slots)),
      tiling_(tiling),
      capacity_(std::move(capacity)),
      counts_(bank.empty_counts()),
      reads_(bank.no_reads()) {
  ensure(slots_->layers() == bank.moe_layers(), "every MoE layer's experts are placed");
  if (slots_->has_replicas()) first_rows_ = bank.empty_counts();
}

void RoutedLoad::route(std::span<const RankBatch> ranks) {
  tokens_ = routed_tokens(ranks);
  if (mode_ == RoutingMode::balanced) {
    balance(tokens_, 0, counts_);
  } else {
    counts_.clear();
    for (const RankBatch& batch : ranks)
      for (const TokenRun& run : batch.routed)
        if (!bank_->note(run, reads_)) bank_->add(run, counts_);
    bank_->add_tokens(reads_, counts_);
  }
  drop_beyond_capacity(0);
  check_conserved();
  if (slots_->has_replicas()) find_first_rows(0);
  find_loads();
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
  drop_beyond_capacity(ranks.size());
  check_conserved();
  if (slots_->has_replicas()) find_first_rows(ranks.size());
  find_loads();
}

void RoutedLoad::find_loads() {
  const std::int64_t ranks = slots_->ranks();
  loads_.resize(static_cast<std::size_t>(bank_->moe_layers() * ranks));
  ExpertLoad* load = loads_.data();
  for (std::int64_t layer = 0; layer < bank_->moe_layers(); ++layer) {
    const std::span<const std::uint32_t> rows = slot_rows(layer, counts_, first_rows_);
    const std::size_t on_rank = slots_->on(layer, 0).size();
    for (std::size_t rank = 0; rank < static_cast<std::size_t>(ranks); ++rank)
      find_load(rows.subspan(rank * on_rank, on_rank), *load++);
  }
}

std::span<const std::uint32_t> RoutedLoad::slot_rows(std::int64_t layer, const ExpertCounts& of,
                                                     const ExpertCounts& first) {
  const std::span<const std::uint32_t> counts = of.layer(layer);
  if (slots_->in_order(layer)) return counts;
  const auto first_rows = slots_->has_replicas() ? first.layer(layer) : counts;
  slot_rows_.clear();
  for (std::int64_t rank = 0; rank < slots_->ranks(); ++rank)
    for (const ExpertSlot& slot : slots_->on(layer, rank))
      slot_rows_.push_back(static_cast<std::uint32_t>(rows_of(slot, counts, first_rows)));
  return slot_rows_;
}

void RoutedLoad::find_load(std::span<const std::uint32_t> slot_rows, ExpertLoad& load) const {
  load.rows = sum_of(slot_rows, [](std::uint32_t rows) { return rows; });
  load.active = sum_of(slot_rows, [](std::uint32_t rows) { return std::uint32_t{rows > 0}; });
  const bool large = tiling_.is_large(load.rows, static_cast<std::int64_t>(slot_rows.size()));
  const auto tile = static_cast<std::uint32_t>(large ? tiling_.large->rows : tiling_.rows);
  if ((tile & (tile - 1)) == 0) {  // a division takes longer than all else here
    load.tiled_rows = sum_of(slot_rows, [=](std::uint32_t rows) { return (rows + tile - 1) & -tile; });
  } else {
    load.tiled_rows = sum_of(slot_rows, [=](std::uint32_t rows) { return (rows + tile - 1) / tile * tile; });
  }
  load.reads = tiling_.large && !large ? load.tiled_rows / tiling_.rows : load.active;
}

std::span<const std::uint32_t> RoutedLoad::sent(std::int64_t moe_layer, std::int64_t source) {
  const auto from = static_cast<std::size_t>(source);
  const ExpertCounts& first = slots_->has_replicas() ? first_by_source_[from] : first_rows_;
  const std::span<const std::uint32_t> rows = slot_rows(moe_layer, by_source_[from], first);
  const std::size_t on_rank = slots_->on(moe_layer, 0).size();
  sent_.resize(static_cast<std::size_t>(slots_->ranks()));
  for (std::size_t rank = 0; rank < sent_.size(); ++rank)
    sent_[rank] = sum_of(rows.subspan(rank * on_rank, on_rank), [](std::uint32_t own) { return own; });
  return sent_;
}

ExpertCounts expected_loads(const RoutingBank& bank, RoutingMode mode) {
  if (mode != RoutingMode::balanced) return long_run_loads(bank);
  ExpertCounts loads = bank.empty_counts();
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer)
    std::fill_n(loads.layer(layer).begin(), bank.gate(layer).num_experts, 1u);
  return loads;
}

RoutingSpread spread_of(const RoutedLoad& routed) {
  const std::int64_t layers = routed.counts().layers;
  const std::int64_t ranks = routed.expert_ranks();
  RoutingSpread spread;
  spread.dropped = routed.dropped();
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

void RoutedLoad::drop_beyond_capacity(std::size_t sources) {
  constexpr std::int64_t kAll = std::numeric_limits<std::uint32_t>::max();
  dropped_ = 0;
  for (std::size_t l = 0; l < capacity_.size(); ++l) {
    if (!capacity_[l]) continue;
    const auto layer = static_cast<std::int64_t>(l);
    const GateShape& gate = bank_->gate(layer);
    const std::int64_t capacity =
        expert_capacity(*capacity_[l], tokens_ * gate.num_experts_per_tok, gate.num_experts);
    dropped_ += cut(layer, static_cast<std::uint32_t>(std::min(capacity, kAll)), sources);
  }
}

std::int64_t RoutedLoad::cut(std::int64_t layer, std::uint32_t capacity, std::size_t sources) {
  const std::span<std::uint32_t> counts = counts_.layer(layer);
  std::int64_t dropped = 0;
  for (std::size_t expert = 0; expert < counts.size(); ++expert) {
    if (counts[expert] <= capacity) continue;
    dropped += counts[expert] - capacity;
    counts[expert] = capacity;
    std::uint32_t room = capacity;
    for (std::size_t source = 0; source < sources; ++source) {
      std::uint32_t& own = by_source_[source].layer(layer)[expert];
      own = std::min(own, room);
      room -= own;
    }
  }
  return dropped;
}

void RoutedLoad::find_first_rows(std::size_t sources) {
  for (std::int64_t layer = 0; layer < bank_->moe_layers(); ++layer) {
    const std::span<const std::uint32_t> counts = counts_.layer(layer);
    std::exclusive_scan(counts.begin(), counts.end(), first_rows_.layer(layer).begin(), std::uint32_t{0});
  }
  first_by_source_.resize(std::max(sources, first_by_source_.size()), first_rows_);
  for (std::size_t source = 0; source < sources; ++source) {  // each goes on where the one before has ended
    ExpertCounts& first = first_by_source_[source];
    first.counts = source == 0 ? first_rows_.counts : first_by_source_[source - 1].counts;
    if (source == 0) continue;
    for (std::size_t i = 0; i < first.counts.size(); ++i) first.counts[i] += by_source_[source - 1].counts[i];
  }
}

void RoutedLoad::check_conserved() const {
  std::uint64_t missing = 0;
  for (std::int64_t layer = 0; layer < bank_->moe_layers(); ++layer) {
    const auto wanted = static_cast<std::uint64_t>(tokens_ * bank_->gate(layer).num_experts_per_tok);
    const std::span<const std::uint32_t> counts = counts_.layer(layer);
    const std::uint64_t sum = sum_of(counts, [](std::uint32_t rows) { return rows; });
    const bool may_drop = !capacity_.empty() && capacity_[static_cast<std::size_t>(layer)];
    ensure(sum == wanted || (may_drop && sum < wanted),
           "tokens x top_k assignments are conserved in every MoE layer");
    missing += wanted - sum;
  }
  ensure(missing == static_cast<std::uint64_t>(dropped_), "what is not conserved was dropped and counted");
}

}  // namespace switchyard
