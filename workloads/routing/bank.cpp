// Building the bank (generate, route, store, sum up) and reading it.
#include "workloads/routing/bank.hpp"

#include <algorithm>
#include <numeric>

#include "kernels/expert_router.hpp"
#include "kernels/gate_arithmetic.hpp"
#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/random.hpp"
#include "workloads/routing/generated_gate.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kBlock = 16;
constexpr StreamPool kUniformPool{128, 128};

}  // namespace

void ExpertCounts::clear() { std::fill(counts.begin(), counts.end(), 0u); }

RoutingBank::RoutingBank(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed,
                         Choice choice)
    : pool_(choice == Choice::uniform ? kUniformPool : pool_of(architecture, preset)),
      domains_(preset.domains) {
  for (const Layer& layer : architecture.layers) {
    if (!layer.moe) continue;
    gates_.push_back(layer.moe->gate);
    gates_.back().hidden_size = std::min(gates_.back().num_experts, architecture.hidden_size);
    experts_ = std::max(experts_, static_cast<std::size_t>(gates_.back().num_experts));
    top_k_ = std::max(top_k_, static_cast<std::size_t>(gates_.back().num_experts_per_tok));
  }
  rows_.resize(std::size_t{pool_.streams} * pool_.length * gates_.size() * top_k_);
  if (choice == Choice::gates) route(architecture, preset, seed);
  else draw_uniformly(seed);
  sum_prefixes();
}

void RoutingBank::route(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed) {
  const std::size_t tokens = std::size_t{pool_.streams} * pool_.length;
  std::int64_t widest = 0;
  for (const GateShape& gate : gates_) widest = std::max(widest, gate.hidden_size);
  TokenStreams streams(preset, pool_, widest, seed);
  std::vector<float> hidden;
  std::vector<std::uint16_t> chosen;
  std::size_t index = 0;
  for (const Layer& layer : architecture.layers) {
    if (!layer.moe) continue;
    const ExpertRouter& router = choose(expert_routers(), layer.moe->router, architecture.name + ": router");
    const GeneratedGate gate = generate_gate(layer.moe->gate, architecture.hidden_size, preset, seed,
                                             static_cast<std::int64_t>(index));
    hidden.resize(tokens * static_cast<std::size_t>(gate.shape.hidden_size));
    chosen.resize(tokens * static_cast<std::size_t>(gate.shape.num_experts_per_tok));
    streams.next_layer(gate.shape.hidden_size, architecture.hidden_size, hidden);
    router.route_by(
        fastest_arithmetic(preset.arithmetic),
        {gate.shape, static_cast<std::int64_t>(tokens), hidden, gate.weights, gate.logit_bias, {}},
        {chosen, {}});
    store(index++, chosen);
  }
}

/// The first k of a shuffle (Fisher and Yates).
void RoutingBank::draw_uniformly(std::uint64_t seed) {
  const std::size_t tokens = std::size_t{pool_.streams} * pool_.length;
  for (std::size_t layer = 0; layer < gates_.size(); ++layer) {
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
}

void RoutingBank::store(std::size_t layer, std::span<const std::uint16_t> chosen) {
  const auto k = static_cast<std::size_t>(gates_[layer].num_experts_per_tok);
  const std::size_t stride = gates_.size() * top_k_;
  std::uint16_t* row = rows_.data() + layer * top_k_;
  for (std::size_t i = 0; i < chosen.size(); i += k, row += stride) std::copy_n(chosen.data() + i, k, row);
}

void RoutingBank::sum_prefixes() {
  for (std::size_t domain = 0; domain < static_cast<std::size_t>(domains_); ++domain) {
    first_prefix_.push_back(prefixes_.size());
    ExpertCounts counts = empty_counts();
    const std::size_t length = ring_length(domain);
    prefixes_.reserve(prefixes_.size() + (length / kBlock + 1) * counts.counts.size());
    for (std::size_t first = 0;; first += kBlock) {
      prefixes_.insert(prefixes_.end(), counts.counts.begin(), counts.counts.end());
      if (first == length) break;
      add_rows(domain, first, first + kBlock, counts);
    }
  }
}

ExpertCounts RoutingBank::empty_counts() const {
  return {moe_layers(), experts(), std::vector<std::uint32_t>(gates_.size() * experts_)};
}

void RoutingBank::add(const TokenRun& run, ExpertCounts& counts) const {
  ensure(counts.layers == moe_layers() && counts.experts == experts(), "expert counts have the bank's shape");
  ensure(run.stream < pool_.streams && run.tokens >= 0, "a token run lies in the bank");
  const auto domain = static_cast<std::size_t>(domain_of(run.stream));
  const std::size_t length = ring_length(domain);
  const auto tokens = static_cast<std::size_t>(run.tokens);
  if (const auto turns = static_cast<std::uint32_t>(tokens / length); turns > 0) {
    const std::uint32_t* whole = prefix(domain, length / kBlock);
    for (std::size_t i = 0; i < counts.counts.size(); ++i) counts.counts[i] += turns * whole[i];
  }
  const std::size_t first = place(run.stream, run.position);
  const std::size_t last = first + tokens % length;
  add_segment(domain, first, std::min(last, length), counts);
  if (last > length) add_segment(domain, 0, last - length, counts);
}

void RoutingBank::add_segment(std::size_t domain, std::size_t first, std::size_t last,
                              ExpertCounts& counts) const {
  const std::size_t from = (first + kBlock - 1) / kBlock;
  const std::size_t to = last / kBlock;
  if (from >= to) return add_rows(domain, first, last, counts);
  add_rows(domain, first, from * kBlock, counts);
  const std::uint32_t* low = prefix(domain, from);
  const std::uint32_t* high = prefix(domain, to);
  for (std::size_t i = 0; i < counts.counts.size(); ++i) counts.counts[i] += high[i] - low[i];
  add_rows(domain, to * kBlock, last, counts);
}

void RoutingBank::add_rows(std::size_t domain, std::size_t first, std::size_t last,
                           ExpertCounts& counts) const {
  for (std::size_t t = first; t < last; ++t) {
    const std::uint16_t* chosen = row(domain, t);
    std::uint32_t* layer_counts = counts.counts.data();
    for (const GateShape& gate : gates_) {
      for (std::int64_t i = 0; i < gate.num_experts_per_tok; ++i) ++layer_counts[chosen[i]];
      layer_counts += experts_;
      chosen += top_k_;
    }
  }
}

std::span<const std::uint16_t> RoutingBank::experts_of(std::uint32_t stream, std::uint64_t position,
                                                       std::int64_t layer) const {
  const auto l = static_cast<std::size_t>(layer);
  return {row(static_cast<std::size_t>(domain_of(stream)), place(stream, position)) + l * top_k_,
          static_cast<std::size_t>(gates_[l].num_experts_per_tok)};
}

std::size_t RoutingBank::ring_length(std::size_t domain) const {
  const auto domains = static_cast<std::size_t>(domains_);
  return (pool_.streams - domain + domains - 1) / domains * pool_.length;
}

std::size_t RoutingBank::place(std::uint32_t stream, std::uint64_t position) const {
  const auto domains = static_cast<std::uint32_t>(domains_);
  return (std::uint64_t{stream / domains} * pool_.length + position) % ring_length(stream % domains);
}

const std::uint16_t* RoutingBank::row(std::size_t domain, std::size_t place) const {
  const std::size_t stream = domain + place / pool_.length * static_cast<std::size_t>(domains_);
  return rows_.data() + (stream * pool_.length + place % pool_.length) * gates_.size() * top_k_;
}

const std::uint32_t* RoutingBank::prefix(std::size_t domain, std::size_t block) const {
  return prefixes_.data() + first_prefix_[domain] + block * gates_.size() * experts_;
}

}  // namespace switchyard
