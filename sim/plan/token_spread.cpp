// Places of every token of the bank, and their sums along its rings.
#include "sim/plan/token_spread.hpp"

#include <algorithm>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kMostSums = std::size_t{16} << 20;  // counters: 64 MiB

/// Of the whole bank; a ring's last block may be shorter.
std::size_t blocks_of(const RoutingBank& bank, int bits) {
  std::size_t blocks = 0;
  for (std::int64_t domain = 0; domain < bank.domains(); ++domain)
    blocks += ((bank.ring_length(domain) + (std::uint64_t{1} << bits) - 1) >> bits) + 1;
  return blocks;
}

}  // namespace

RankNodes::RankNodes(std::vector<std::vector<std::uint16_t>> node_of) : node_of_(std::move(node_of)) {
  for (const std::vector<std::uint16_t>& layer : node_of_) {
    ranks_ = static_cast<std::int64_t>(layer.size());
    for (const std::uint16_t node : layer) nodes_ = std::max<std::int64_t>(nodes_, node + 1);
  }
}

ReachedPlaces::ReachedPlaces(std::span<std::uint16_t> to, const RankNodes& nodes)
    : to_(to), ranks_(static_cast<std::uint16_t>(nodes.ranks())) {
  std::fill(to_.begin(), to_.end(), static_cast<std::uint16_t>(nodes.ranks() + nodes.nodes()));
}

void ReachedPlaces::add(std::uint16_t rank, std::uint16_t node) {
  const std::size_t half = to_.size() / 2;
  const auto note = [](std::span<std::uint16_t> list, std::size_t& size, std::uint16_t place) {
    const auto end = list.begin() + static_cast<std::ptrdiff_t>(size);
    if (std::find(list.begin(), end, place) == end) list[size++] = place;
  };
  note(to_.first(half), of_ranks_, rank);
  note(to_.subspan(half), of_nodes_, static_cast<std::uint16_t>(ranks_ + node));
}

TokenSpread::TokenSpread(const RoutingBank& bank, const ExpertSlots& slots, const RankNodes& nodes)
    : bank_(&bank),
      layers_(static_cast<std::size_t>(bank.moe_layers())),
      of_token_(2 * static_cast<std::size_t>(bank.top_k())),
      long_run_(bank.moe_layers(), nodes) {
  ensure(!bank.is_exact(), "the tokens of the bank are known beforehand");
  find_places(slots, nodes);
  while (blocks_of(bank, block_bits_) * long_run_.all().size() > kMostSums && block_bits_ < 30) ++block_bits_;
  sum_up();
}

void TokenSpread::find_places(const ExpertSlots& slots, const RankNodes& nodes) {
  places_.resize(static_cast<std::size_t>(bank_->tokens()) * layers_ * of_token_);
  std::uint16_t* to = places_.data();
  for (std::int64_t domain = 0; domain < bank_->domains(); ++domain) {
    first_token_.push_back(static_cast<std::size_t>(to - places_.data()) / (layers_ * of_token_));
    for (std::uint64_t place = 0; place < bank_->ring_length(domain); ++place) {
      const std::span<const std::uint16_t> row = bank_->row_at(domain, place);
      for (std::size_t l = 0; l < layers_; ++l, to += of_token_) {
        const auto layer = static_cast<std::int64_t>(l);
        ReachedPlaces reached({to, of_token_}, nodes);
        const auto k = static_cast<std::size_t>(bank_->gate(layer).num_experts_per_tok);
        for (const std::uint16_t expert : row.subspan(l * static_cast<std::size_t>(bank_->top_k()), k)) {
          const std::uint16_t rank = slots.holders(layer, expert).front();
          reached.add(rank, nodes.of(layer)[rank]);
        }
      }
    }
  }
}

void TokenSpread::sum_up() {
  for (std::int64_t d = 0; d < bank_->domains(); ++d) {
    const auto domain = static_cast<std::size_t>(d);
    const std::uint64_t length = bank_->ring_length(d);
    first_sum_.push_back(sums_.size());
    SpreadCounts counts = long_run_;
    counts.clear();
    for (std::uint64_t first = 0;; first += std::uint64_t{1} << block_bits_) {
      sums_.insert(sums_.end(), counts.all().begin(), counts.all().end());
      if (first >= length) break;
      add_tokens(domain, first, std::min(first + (std::uint64_t{1} << block_bits_), length), counts);
    }
    for (std::size_t i = 0; i < counts.all().size(); ++i) long_run_.all()[i] += counts.all()[i];
  }
}

void TokenSpread::add(const TokenRun& run, SpreadCounts& counts) const {
  ensure(counts.all().size() == long_run_.all().size(), "counters have the placement's shape");
  for (const RoutingBank::Stretch& stretch : bank_->stretches(run)) add_stretch(stretch, counts);
}

void TokenSpread::add_stretch(const RoutingBank::Stretch& stretch, SpreadCounts& counts) const {
  if (stretch.times == 0 || stretch.first == stretch.last) return;
  const auto domain = static_cast<std::size_t>(stretch.domain);
  const std::uint64_t length = bank_->ring_length(stretch.domain);
  const std::uint64_t block = std::uint64_t{1} << block_bits_;
  const std::uint64_t from = (stretch.first + block - 1) >> block_bits_;
  const std::uint64_t to =
      stretch.last == length ? (length + block - 1) >> block_bits_ : stretch.last >> block_bits_;
  if (from >= to) return add_tokens(domain, stretch.first, stretch.last, counts);
  add_tokens(domain, stretch.first, from << block_bits_, counts);
  const std::span<const std::uint32_t> low = sums(domain, from), high = sums(domain, to);
  const std::span<std::uint32_t> all = counts.all();
  for (std::size_t i = 0; i < all.size(); ++i) all[i] += stretch.times * (high[i] - low[i]);
  add_tokens(domain, to << block_bits_, stretch.last, counts);  // none when the last block is the ring's
}

void TokenSpread::add_tokens(std::size_t domain, std::uint64_t first, std::uint64_t last,
                             SpreadCounts& counts) const {
  for (std::uint64_t token = first; token < last; ++token) {
    const std::uint16_t* place = places_.data() + (first_token_[domain] + token) * layers_ * of_token_;
    std::uint32_t* row = counts.all().data();
    for (std::size_t l = 0; l < layers_; ++l, row += counts.width())
      for (std::size_t i = 0; i < of_token_; ++i) ++row[*place++];
  }
}

std::span<const std::uint32_t> TokenSpread::sums(std::size_t domain, std::uint64_t block) const {
  const std::size_t size = long_run_.all().size();
  return std::span(sums_).subspan(first_sum_[domain] + block * size, size);
}

}  // namespace switchyard
