// Computing the statistics of a bank.
#include "workloads/routing/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard {
namespace {

/// Tokens of a batch for ep8_imbalance, and its number of blocks of experts.
constexpr std::uint64_t kBatch = 256;
constexpr std::int64_t kRanks = 8;

/// Batches for distinct_experts have as many tokens as the bank in all, or so many: then they are as many as
/// can be of every generated bank.
constexpr std::uint64_t kFewTokens = 65536;

/// More domains than a preset has are compared all at once.
constexpr std::size_t kManyDomains = 64;

std::vector<ExpertCounts> loads_of_domains(const RoutingBank& bank) {
  std::vector<ExpertCounts> loads;
  const auto used = std::min<std::int64_t>(bank.domains(), bank.streams());
  for (std::int64_t domain = 0; domain < used; ++domain) loads.push_back(bank.counts_of_domain(domain));
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

using StreamsOfDomains = std::vector<std::vector<std::uint32_t>>;

StreamsOfDomains streams_of_domains(const RoutingBank& bank) {
  StreamsOfDomains streams(static_cast<std::size_t>(bank.domains()));
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream)
    streams[static_cast<std::size_t>(bank.domain_of(stream))].push_back(stream);
  return streams;
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

/// Over the pairs of n unit vectors: of the square of their sum what is not each one's own.
double cosines_at_once(const std::vector<ExpertCounts>& loads, std::int64_t layer, std::size_t experts) {
  std::vector<double> sum(experts);
  for (const ExpertCounts& counts : loads) {
    const std::span<const std::uint32_t> load = counts.layer(layer).first(experts);
    double square = 0.0;
    for (const std::uint32_t count : load) square += static_cast<double>(count) * count;
    for (std::size_t i = 0; i < experts; ++i) sum[i] += load[i] / std::sqrt(square);
  }
  double square = 0.0;
  for (const double part : sum) square += part * part;
  return (square - static_cast<double>(loads.size())) / 2.0;
}

/// Of all pairs of domains.
void add_cosines(const std::vector<ExpertCounts>& loads, std::int64_t layer, std::size_t experts,
                 double& sum) {
  if (loads.size() > kManyDomains) {
    sum += cosines_at_once(loads, layer, experts);
    return;
  }
  for (std::size_t a = 0; a < loads.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b)
      sum += cosine(loads[a].layer(layer).first(experts), loads[b].layer(layer).first(experts));
  }
}

/// previous_token_overlap and first_choice_repeat of the streams of a domain.
void measure_locality(const RoutingBank& bank, std::int64_t layer, std::span<const std::uint32_t> streams,
                      DomainRoutingStatistics& result) {
  std::int64_t shared = 0, repeats = 0, pairs = 0;
  for (const std::uint32_t stream : streams) {
    for (std::uint32_t t = 1; t < bank.stream_length(stream); ++t, ++pairs) {
      const auto before = bank.experts_of(stream, t - 1, layer);
      const auto now = bank.experts_of(stream, t, layer);
      for (const std::uint16_t expert : now) shared += std::count(before.begin(), before.end(), expert);
      repeats += before[0] == now[0] ? 1 : 0;
    }
  }
  if (pairs == 0) return;  // recorded sequences of one token
  result.previous_token_overlap = static_cast<double>(shared) / static_cast<double>(pairs);
  result.first_choice_repeat = static_cast<double>(repeats) / static_cast<double>(pairs);
}

/// Over whole batches; a domain with less than one is taken as one.
double ep8_imbalance(const RoutingBank& bank, std::int64_t layer, std::int64_t domain) {
  const std::int64_t experts = bank.gate(layer).num_experts;
  const std::int64_t ranks = std::min(kRanks, experts);
  const std::uint64_t tokens = bank.ring_length(domain);
  const std::uint64_t batch = std::min(kBatch, tokens);
  std::vector<std::uint32_t> load(static_cast<std::size_t>(ranks));
  double sum = 0.0;
  const std::uint64_t batches = tokens / batch;
  for (std::uint64_t t = 0; t < batches * batch; ++t) {
    for (const std::uint16_t expert : bank.experts_of(bank.first_stream(domain), t, layer)) {
      ++load[expert * ranks / experts];
    }
    if ((t + 1) % batch != 0) continue;
    sum += max_over_mean(load);
    std::fill(load.begin(), load.end(), 0u);
  }
  return sum / static_cast<double>(batches);
}

/// Batches begin at every place of a stream, or at places at equal distances.
double distinct_experts(const RoutingBank& bank, std::int64_t layer, std::uint32_t batch) {
  const std::uint32_t turns = (batch + bank.streams() - 1) / bank.streams();
  const auto length = static_cast<std::uint32_t>(bank.tokens() / bank.streams());
  const std::uint32_t apart = std::max(1u, length / turns);
  std::vector<std::uint32_t> seen(static_cast<std::size_t>(bank.experts()));  // in which batch, from 1
  std::uint64_t distinct = 0;
  std::uint32_t batches = 0;
  const std::uint32_t starts = std::max(1u, bank.streams() / batch);
  const std::uint64_t tokens = std::uint64_t{length} * starts * batch;
  const std::uint64_t wanted = std::max(kFewTokens, static_cast<std::uint64_t>(bank.tokens()));
  const auto step = static_cast<std::uint32_t>((tokens + wanted - 1) / wanted);
  for (std::uint32_t t = 0; t < length; t += step) {
    for (std::uint32_t start = 0; start < starts; ++start) {
      ++batches;
      for (std::uint32_t i = 0; i < batch; ++i) {
        const std::uint32_t stream = (start * batch + i) % bank.streams();
        const std::uint64_t position = (t + i / bank.streams() * apart) % length;
        for (const std::uint16_t expert : bank.experts_of(stream, position, layer)) {
          distinct += seen[expert] == batches ? 0 : 1;
          seen[expert] = batches;
        }
      }
    }
  }
  return static_cast<double>(distinct) / batches;
}

LayerRoutingStatistics statistics_of(const RoutingBank& bank, std::int64_t layer,
                                     const std::vector<ExpertCounts>& loads,
                                     const StreamsOfDomains& streams) {
  LayerRoutingStatistics result;
  const auto experts = static_cast<std::size_t>(bank.gate(layer).num_experts);
  const auto count = static_cast<double>(loads.size());
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const auto domain = static_cast<std::int64_t>(i);
    const std::span<const std::uint32_t> load = loads[i].layer(layer).first(experts);
    DomainRoutingStatistics one{max_over_mean(load), entropy_bits(load), 0.0, 0.0,
                                ep8_imbalance(bank, layer, domain)};
    measure_locality(bank, layer, streams[i], one);
    result.max_over_mean += one.max_over_mean / count;
    result.entropy_bits += one.entropy_bits / count;
    result.previous_token_overlap += one.previous_token_overlap / count;
    result.first_choice_repeat += one.first_choice_repeat / count;
    result.ep8_imbalance += one.ep8_imbalance / count;
    result.domains.push_back(one);
  }
  for (std::size_t i = 0; i < kDecodeBatches.size(); ++i) {
    result.distinct_experts[i] = distinct_experts(bank, layer, kDecodeBatches[i]);
  }
  return result;
}

}  // namespace

RoutingStatistics routing_statistics(const RoutingBank& bank) {
  RoutingStatistics result;
  result.tokens = bank.tokens();
  const std::vector<ExpertCounts> loads = loads_of_domains(bank);
  const StreamsOfDomains streams = streams_of_domains(bank);
  const auto layers = static_cast<double>(bank.moe_layers());
  double cosines = 0.0;
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer) {
    result.layers.push_back(statistics_of(bank, layer, loads, streams));
    for (std::size_t i = 0; i < kDecodeBatches.size(); ++i) {
      result.distinct_experts[i] += result.layers.back().distinct_experts[i] / layers;
    }
    const auto experts = static_cast<std::size_t>(bank.gate(layer).num_experts);
    add_cosines(loads, layer, experts, cosines);
  }
  const auto count = static_cast<double>(loads.size());
  const double pairs = count * (count - 1.0) / 2.0 * layers;
  if (pairs > 0.0) result.domain_load_cosine = cosines / pairs;
  return result;
}

}  // namespace switchyard
