// Building the bank (generate, route, store, sum up) and reading it.
#include "workloads/routing/bank.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/on_threads.hpp"
#include "sim/base/ensure.hpp"
#include "sim/base/random.hpp"

namespace switchyard {
namespace {

constexpr StreamPool kUniformPool{128, 128};
constexpr std::size_t kMostMasks = std::size_t{64} << 20;  // bytes

}  // namespace

void ExpertCounts::clear() { std::fill(counts.begin(), counts.end(), 0u); }

RoutingBank::RoutingBank(const Architecture& architecture) {
  for (const Layer& layer : architecture.layers) {
    if (!layer.moe) continue;
    gates_.push_back(layer.moe->gate);
    gates_.back().hidden_size = std::min(gates_.back().num_experts, architecture.hidden_size);
    experts_ = std::max(experts_, static_cast<std::size_t>(gates_.back().num_experts));
    top_k_ = std::max(top_k_, static_cast<std::size_t>(gates_.back().num_experts_per_tok));
  }
}

RoutingBank::RoutingBank(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed,
                         Choice choice, std::vector<GeneratedGate> from_checkpoint, std::int64_t threads)
    : RoutingBank(architecture) {
  const StreamPool pool = choice == Choice::uniform ? kUniformPool : pool_of(architecture, preset);
  lay_out(pool, preset.domains);
  if (choice == Choice::uniform) {
    draw_uniformly(seed, threads);
  } else {
    const GateStack gates(architecture, preset, seed, std::move(from_checkpoint));
    for (std::size_t layer = 0; layer < gates_.size(); ++layer) gates_[layer] = gates.shape(layer);
    TokenStreams generated = gates.streams(pool);
    gates.route(
        generated, [&](std::size_t layer, std::span<const std::uint16_t> chosen) { store(layer, chosen); },
        threads);
    if (choice == Choice::exact) exact_ = std::make_shared<ExactRows>(gates, pool, domains(), top_k_);
  }
  sum_prefixes(threads);
}

void RoutingBank::lay_out(StreamPool pool, std::int64_t domains) {
  rings_.resize(static_cast<std::size_t>(domains));
  for (std::uint32_t stream = 0; stream < pool.streams; ++stream)
    append_stream(stream % domains, pool.length);
  make_room();
}

void RoutingBank::append_stream(std::int64_t domain, std::size_t length) {
  Ring& ring = rings_[static_cast<std::size_t>(domain)];
  if (ring.length == 0) ring.first_stream = streams();
  streams_.push_back({domain, ring.length, length, tokens_});
  equal_lengths_ = equal_lengths_ && length == streams_.front().length;
  ring.length += length;
  tokens_ += static_cast<std::int64_t>(length);
}

void RoutingBank::make_room() {
  std::size_t rows = 0;
  for (Ring& ring : rings_) {
    ring.first_row = rows;
    rows += ring.length;
  }
  rows_.resize(rows * gates_.size() * top_k_);
}

void RoutingBank::draw_uniformly(std::uint64_t seed, std::int64_t threads) {
  on_threads(threads, moe_layers(),
             [&](std::int64_t layer) { draw_uniformly(seed, static_cast<std::size_t>(layer)); });
}

/// The first k of a shuffle (Fisher and Yates).
void RoutingBank::draw_uniformly(std::uint64_t seed, std::size_t layer) {
  const auto tokens = static_cast<std::size_t>(tokens_);
  Random random(seed, "uniform routing", layer);
  std::vector<std::uint16_t> experts(static_cast<std::size_t>(gates_[layer].num_experts));
  std::iota(experts.begin(), experts.end(), std::uint16_t{0});
  const auto k = static_cast<std::size_t>(gates_[layer].num_experts_per_tok);
  std::vector<std::uint16_t> chosen;
  chosen.reserve(tokens * k);
  for (std::size_t token = 0; token < tokens; ++token)
    for (std::size_t i = 0; i < k; ++i) {
      const auto last = static_cast<std::int64_t>(experts.size()) - 1;
      std::swap(experts[i],
                experts[static_cast<std::size_t>(random.integer(static_cast<std::int64_t>(i), last))]);
      chosen.push_back(experts[i]);
    }
  store(layer, chosen);
}

void RoutingBank::store(std::size_t layer, std::span<const std::uint16_t> chosen) {
  const auto k = static_cast<std::size_t>(gates_[layer].num_experts_per_tok);
  const std::size_t stride = gates_.size() * top_k_;
  const std::uint16_t* from = chosen.data();
  for (const Stream& stream : streams_) {
    const Ring& ring = rings_[static_cast<std::size_t>(stream.domain)];
    std::uint16_t* to = rows_.data() + (ring.first_row + stream.place) * stride + layer * top_k_;
    for (std::size_t i = 0; i < stream.length; ++i, from += k, to += stride) std::copy_n(from, k, to);
  }
}

void RoutingBank::sum_prefixes(std::int64_t threads) {
  std::size_t prefixes = 0;
  for (Ring& ring : rings_) {
    ring.first_prefix = prefixes;
    prefixes += (blocks(ring) + 1) * gates_.size() * experts_;
  }
  prefixes_.resize(prefixes);
  on_threads(threads, domains(),
             [&](std::int64_t domain) { sum_prefixes(rings_[static_cast<std::size_t>(domain)]); });
  fill_masks(threads);
}

void RoutingBank::sum_prefixes(const Ring& ring) {
  ExpertCounts counts = empty_counts();
  const std::size_t block = std::size_t{1} << block_bits_;
  std::uint32_t* to = prefixes_.data() + ring.first_prefix;
  for (std::size_t first = 0;; first += block) {
    to = std::copy(counts.counts.begin(), counts.counts.end(), to);
    if (first >= ring.length) break;
    add_rows(ring, first, std::min(first + block, ring.length), counts);
  }
}

/// A set is added in the time of about eight experts one by one (measured at 2.6 GHz).
void RoutingBank::fill_masks(std::int64_t threads) {
  constexpr std::size_t kExpertsOfSet = 8;
  const auto tokens = static_cast<std::size_t>(tokens_);
  const std::size_t size = ExpertMasks::size(tokens, gates_.size(), experts_);
  const std::size_t sets = ExpertMasks::sets_of_token(gates_.size(), experts_);
  if (exact_ || size > kMostMasks || gates_.size() * top_k_ < kExpertsOfSet * sets) return;
  auto masks = std::make_shared<ExpertMasks>(tokens, gates_.size(), experts_);
  on_threads(threads, domains(),
             [&](std::int64_t domain) { fill_masks(rings_[static_cast<std::size_t>(domain)], *masks); });
  masks_ = std::move(masks);
}

void RoutingBank::fill_masks(const Ring& ring, ExpertMasks& masks) const {
  for (std::size_t token = ring.first_row; token < ring.first_row + ring.length; ++token)
    for (std::size_t layer = 0; layer < gates_.size(); ++layer) {
      const std::uint16_t* chosen = rows_.data() + (token * gates_.size() + layer) * top_k_;
      for (std::int64_t i = 0; i < gates_[layer].num_experts_per_tok; ++i) masks.set(token, layer, chosen[i]);
    }
}

bool RoutingBank::note(const TokenRun& run, TokenReads& reads) const {
  if (!masks_ || run.tokens != 1) return false;
  ensure(run.stream < streams_.size(), "a token run lies in the bank");
  const Stream& stream = streams_[run.stream];
  const Ring& ring = rings_[static_cast<std::size_t>(stream.domain)];
  reads.add(ring.first_row + place(stream, run.position));
  return true;
}

void RoutingBank::add_tokens(TokenReads& reads, ExpertCounts& counts) const {
  if (!masks_) return;
  masks_->add(reads, counts.counts);
  reads.clear();
}

ExpertCounts RoutingBank::empty_counts() const {
  return {moe_layers(), experts(), std::vector<std::uint32_t>(gates_.size() * experts_)};
}

ExpertCounts RoutingBank::counts_of_domain(std::int64_t domain) const {
  ExpertCounts counts = empty_counts();
  add({first_stream(domain), 0, static_cast<std::int64_t>(ring_length(domain))}, counts);
  return counts;
}

std::array<RoutingBank::Stretch, 3> RoutingBank::stretches(const TokenRun& run) const {
  ensure(!exact_ && run.stream < streams_.size() && run.tokens >= 0, "a token run lies in the bank");
  const Stream& stream = streams_[run.stream];
  const std::uint64_t length = rings_[static_cast<std::size_t>(stream.domain)].length;
  const auto tokens = static_cast<std::uint64_t>(run.tokens);
  const std::uint64_t first = place(stream, run.position);
  const std::uint64_t last = first + tokens % length;
  const std::uint64_t over = last > length ? last - length : 0;
  return {{{stream.domain, 0, length, static_cast<std::uint32_t>(tokens / length)},
           {stream.domain, first, last - over, 1},
           {stream.domain, 0, over, 1}}};
}

void RoutingBank::visit_rows(const TokenRun& run,
                             const std::function<void(std::span<const std::uint16_t>)>& visit) const {
  const std::size_t size = gates_.size() * top_k_;
  // A sequence that begins with a run of one token is taken for a step's alone: a decoding sequence whose
  // prompt nobody asks for.
  const bool alone = run.position == 0 && run.tokens == 1;
  for (std::uint64_t t = 0; exact_ && t < static_cast<std::uint64_t>(run.tokens); ++t)
    visit({exact_->row(run.stream, run.position + t, alone), size});
  if (exact_) return;
  const auto [turns, before, behind] = stretches(run);
  const Ring& ring = rings_[static_cast<std::size_t>(turns.domain)];
  const std::uint64_t tokens = static_cast<std::uint64_t>(run.tokens);
  for (std::uint64_t t = 0; t < tokens; ++t) visit({row(ring, (before.first + t) % ring.length), size});
}

void RoutingBank::add(const TokenRun& run, ExpertCounts& counts) const {
  ensure(counts.layers == moe_layers() && counts.experts == experts(), "expert counts have the bank's shape");
  if (exact_)
    return visit_rows(run, [&](std::span<const std::uint16_t> chosen) { add_row(chosen.data(), counts); });
  const auto [turns, before, behind] = stretches(run);
  const Ring& ring = rings_[static_cast<std::size_t>(turns.domain)];
  if (turns.times > 0) {
    const std::uint32_t* whole = prefix(ring, blocks(ring));
    for (std::size_t i = 0; i < counts.counts.size(); ++i) counts.counts[i] += turns.times * whole[i];
  }
  add_segment(ring, before.first, before.last, counts);
  if (behind.last > 0) add_segment(ring, 0, behind.last, counts);
}

void RoutingBank::add_segment(const Ring& ring, std::size_t first, std::size_t last,
                              ExpertCounts& counts) const {
  const std::size_t from = (first + (std::size_t{1} << block_bits_) - 1) >> block_bits_;
  const std::size_t to = last == ring.length ? blocks(ring) : last >> block_bits_;
  if (from >= to) return add_rows(ring, first, last, counts);
  add_rows(ring, first, from << block_bits_, counts);
  const std::uint32_t* low = prefix(ring, from);
  const std::uint32_t* high = prefix(ring, to);
  for (std::size_t i = 0; i < counts.counts.size(); ++i) counts.counts[i] += high[i] - low[i];
  add_rows(ring, to << block_bits_, last, counts);  // none when the last block is the ring's
}

void RoutingBank::add_rows(const Ring& ring, std::size_t first, std::size_t last,
                           ExpertCounts& counts) const {
  for (std::size_t t = first; t < last; ++t) add_row(row(ring, t), counts);
}

void RoutingBank::add_row(const std::uint16_t* chosen, ExpertCounts& counts) const {
  std::uint32_t* layer_counts = counts.counts.data();
  for (const GateShape& gate : gates_) {
    for (std::int64_t i = 0; i < gate.num_experts_per_tok; ++i) ++layer_counts[chosen[i]];
    layer_counts += experts_;
    chosen += top_k_;
  }
}

std::span<const std::uint16_t> RoutingBank::experts_of(std::uint32_t stream, std::uint64_t position,
                                                       std::int64_t layer) const {
  const auto l = static_cast<std::size_t>(layer);
  const Ring& ring = rings_[static_cast<std::size_t>(streams_[stream].domain)];
  return {row(ring, place(streams_[stream], position)) + l * top_k_,
          static_cast<std::size_t>(gates_[l].num_experts_per_tok)};
}

TokenRun RoutingBank::draw_place(Random& random) const {
  TokenRun run;
  if (exact_) {
    run.stream = static_cast<std::uint32_t>(random.integer(0, std::numeric_limits<std::uint32_t>::max()));
    return run;
  }
  if (!equal_lengths_) {
    const std::int64_t token = random.integer(0, tokens_ - 1);
    const auto behind = std::upper_bound(
        streams_.begin(), streams_.end(), token,
        [](std::int64_t wanted, const Stream& stream) { return wanted < stream.tokens_before; });
    run.stream = static_cast<std::uint32_t>(behind - streams_.begin() - 1);
    run.position = static_cast<std::uint64_t>(token - streams_[run.stream].tokens_before);
    return run;
  }
  run.stream = static_cast<std::uint32_t>(random.integer(0, streams() - 1));
  run.position = static_cast<std::uint64_t>(random.integer(0, stream_length(run.stream) - 1));
  return run;
}

std::uint32_t RoutingBank::stream_of(const TokenRun& run) const {
  return exact_ ? run.stream % static_cast<std::uint32_t>(rings_.size()) : run.stream;
}

std::size_t RoutingBank::place(const Stream& stream, std::uint64_t position) const {
  return (stream.place + position) % rings_[static_cast<std::size_t>(stream.domain)].length;
}

const std::uint16_t* RoutingBank::row(const Ring& ring, std::size_t place) const {
  return rows_.data() + (ring.first_row + place) * gates_.size() * top_k_;
}

std::size_t RoutingBank::blocks(const Ring& ring) const {
  return (ring.length + (std::size_t{1} << block_bits_) - 1) >> block_bits_;
}

const std::uint32_t* RoutingBank::prefix(const Ring& ring, std::size_t block) const {
  return prefixes_.data() + ring.first_prefix + block * gates_.size() * experts_;
}

}  // namespace switchyard
