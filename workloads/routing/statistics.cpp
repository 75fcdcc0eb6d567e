// Computing the statistics of a bank.
#include "workloads/routing/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard {
namespace {

/// Tokens of a batch for ep8_imbalance, and its number of blocks of experts.
constexpr std::size_t kBatch = 256;
constexpr std::int64_t kRanks = 8;

std::vector<ExpertCounts> loads_of_domains(const RoutingBank& bank) {
  std::vector<ExpertCounts> loads;
  const auto used = std::min<std::int64_t>(bank.domains(), bank.streams());
  for (std::int64_t domain = 0; domain < used; ++domain) loads.push_back(bank.empty_counts());
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream) {
    bank.add({stream, 0, bank.stream_length()}, loads[static_cast<std::size_t>(bank.domain_of(stream))]);
  }
  return loads;
}

double sum_of(std::span<const std::uint32_t> load) {
  double sum = 0.0;
  for (const std::uint32_t count : load) sum += count;
  return sum;
}

double max_over_mean(std::span<const std::uint32_t> load) {
  return *std::max_element(load.begin(), load.end()) * static_cast<double>(load.size()) / sum_of(load);
}

double entropy_bits(std::span<const std::uint32_t> load) {
  const double sum = sum_of(load);
  double bits = 0.0;
  for (const std::uint32_t count : load) {
    if (count > 0) bits -= count / sum * std::log2(count / sum);
  }
  return bits;
}

double cosine(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  double product = 0.0, square_a = 0.0, square_b = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += static_cast<double>(a[i]) * b[i];
    square_a += static_cast<double>(a[i]) * a[i];
    square_b += static_cast<double>(b[i]) * b[i];
  }
  return product / std::sqrt(square_a * square_b);
}

/// previous_token_overlap and first_choice_repeat.
void measure_locality(const RoutingBank& bank, std::int64_t layer, LayerRoutingStatistics& result) {
  std::int64_t shared = 0, repeats = 0, pairs = 0;
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream) {
    for (std::uint32_t t = 1; t < bank.stream_length(); ++t) {
      const auto before = bank.experts_of(stream, t - 1, layer);
      const auto now = bank.experts_of(stream, t, layer);
      for (const std::uint16_t expert : now) shared += std::count(before.begin(), before.end(), expert);
      repeats += before[0] == now[0] ? 1 : 0;
      ++pairs;
    }
  }
  result.previous_token_overlap = static_cast<double>(shared) / static_cast<double>(pairs);
  result.first_choice_repeat = static_cast<double>(repeats) / static_cast<double>(pairs);
}

double ep8_imbalance(const RoutingBank& bank, std::int64_t layer) {
  const std::int64_t experts = bank.gate(layer).num_experts;
  const std::int64_t ranks = std::min(kRanks, experts);
  std::vector<std::uint32_t> load(static_cast<std::size_t>(ranks));
  double sum = 0.0;
  std::int64_t batches = 0;
  std::size_t tokens = 0;
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream) {
    for (std::uint32_t t = 0; t < bank.stream_length(); ++t) {
      for (const std::uint16_t expert : bank.experts_of(stream, t, layer)) ++load[expert * ranks / experts];
      if (++tokens % kBatch != 0) continue;
      sum += max_over_mean(load);
      ++batches;
      std::fill(load.begin(), load.end(), 0u);
    }
  }
  return sum / static_cast<double>(batches);
}

}  // namespace

RoutingStatistics routing_statistics(const RoutingBank& bank) {
  RoutingStatistics result;
  result.tokens = static_cast<std::int64_t>(bank.streams()) * bank.stream_length();
  const std::vector<ExpertCounts> loads = loads_of_domains(bank);
  const auto count = static_cast<double>(loads.size());
  double cosines = 0.0;
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer) {
    const auto experts = static_cast<std::size_t>(bank.gate(layer).num_experts);
    const auto load = [&](std::size_t domain) { return loads[domain].layer(layer).first(experts); };
    LayerRoutingStatistics statistics{0.0, 0.0, 0.0, 0.0, ep8_imbalance(bank, layer)};
    for (std::size_t domain = 0; domain < loads.size(); ++domain) {
      statistics.max_over_mean += max_over_mean(load(domain)) / count;
      statistics.entropy_bits += entropy_bits(load(domain)) / count;
      for (std::size_t other = 0; other < domain; ++other) cosines += cosine(load(domain), load(other));
    }
    measure_locality(bank, layer, statistics);
    result.layers.push_back(statistics);
  }
  const double pairs = count * (count - 1.0) / 2.0 * static_cast<double>(bank.moe_layers());
  if (pairs > 0.0) result.domain_load_cosine = cosines / pairs;
  return result;
}

}  // namespace switchyard
