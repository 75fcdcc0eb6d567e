// Which ranks and nodes the tokens of a source reach: from sums where a token's places depend on the token
// alone; with replicas, capacities or exact rows token by token.
#include <algorithm>
#include <numeric>

#include "sim/base/ensure.hpp"
#include "sim/plan/routed_load.hpp"

namespace switchyard {
namespace {

constexpr std::uint64_t kFraction = 1024;  // of a token, as even shares are counted

/// The same number on every rank, and on every node.
void even_out(std::span<std::uint32_t> counts) {
  const std::uint64_t sum = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  std::fill(counts.begin(), counts.end(), static_cast<std::uint32_t>(sum * kFraction / counts.size()));
}

}  // namespace

void RoutedLoad::place_ranks(RankNodes nodes) {
  nodes_ = std::move(nodes);
  reached_.emplace(bank_->moe_layers(), *nodes_);
  const bool drops = std::any_of(capacity_.begin(), capacity_.end(),
                                 [](const std::optional<double>& factor) { return factor.has_value(); });
  const bool balanced = mode_ == RoutingMode::balanced;
  if (bank_->is_exact() || (!balanced && (slots_->has_replicas() || drops))) {
    places_.resize(2 * static_cast<std::size_t>(bank_->top_k()));
    dealt_ = bank_->empty_counts();
    return;
  }
  spread_ = std::make_unique<TokenSpread>(*bank_, *slots_, *nodes_);
  if (!balanced) return;
  *reached_ = spread_->long_run();
  const auto ranks = static_cast<std::size_t>(nodes_->ranks());
  for (std::size_t row = 0; row < reached_->all().size(); row += reached_->width()) {
    even_out(reached_->all().subspan(row, ranks));
    even_out(reached_->all().subspan(row + ranks, static_cast<std::size_t>(nodes_->nodes())));
  }
}

RoutedLoad::Reached RoutedLoad::reached(std::span<const RankBatch> ranks, std::size_t source) {
  ensure(reached_.has_value(), "the ranks are placed before it is asked what tokens reach");
  const RankBatch& batch = ranks[source];
  if (mode_ == RoutingMode::balanced) return balanced_spread(batch);
  reached_->clear();
  if (!spread_) {
    walk(source, batch);
    return {&*reached_, 1.0};
  }
  for (const TokenRun& run : batch.routed) spread_->add(run, *reached_);
  return {&*reached_, 1.0};
}

RoutedLoad::Reached RoutedLoad::balanced_spread(const RankBatch& batch) {
  double tokens = 0.0;
  for (const TokenRun& run : batch.routed) tokens += static_cast<double>(run.tokens);
  return {&*reached_, tokens / static_cast<double>(spread_->tokens() * kFraction)};
}

void RoutedLoad::walk(std::size_t source, const RankBatch& batch) {
  dealt_.clear();
  for (const TokenRun& run : batch.routed)
    bank_->visit_rows(run, [&](std::span<const std::uint16_t> row) { walk_row(source, row); });
}

/// A source's assignments to an expert are dealt to its replicas in the order of its tokens; those kept are
/// its first.
void RoutedLoad::walk_row(std::size_t source, std::span<const std::uint16_t> row) {
  const bool replicated = slots_->has_replicas();
  for (std::int64_t layer = 0; layer < bank_->moe_layers(); ++layer) {
    const auto k = static_cast<std::size_t>(bank_->gate(layer).num_experts_per_tok);
    const std::span<std::uint32_t> dealt = dealt_.layer(layer);
    const std::span<const std::uint32_t> kept = by_source_[source].layer(layer);
    ReachedPlaces reached(places_, *nodes_);
    for (const std::uint16_t expert : row.subspan(static_cast<std::size_t>(layer * bank_->top_k()), k)) {
      const std::uint32_t place = dealt[expert]++;
      if (place >= kept[expert]) continue;
      const std::span<const std::uint16_t> holders = slots_->holders(layer, expert);
      const std::uint32_t first = replicated ? first_by_source_[source].layer(layer)[expert] : 0;
      const std::uint16_t rank = holders[(first + place) % holders.size()];
      reached.add(rank, nodes_->of(layer)[rank]);
    }
    std::uint32_t* counts = reached_->all().data() + static_cast<std::size_t>(layer) * reached_->width();
    for (const std::uint16_t place : places_) ++counts[place];
  }
}

}  // namespace switchyard
