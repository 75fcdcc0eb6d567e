// The generator of hidden states.
#include "workloads/routing/token_streams.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace switchyard {
namespace {

constexpr int kVocabulary = 8192;  // Zipf, exponent 1: the frequent half of the text of a real vocabulary

/// One word a token, renumbered in order of appearance so that only words in use get vectors.
std::vector<std::uint32_t> draw_words(std::size_t tokens, std::uint64_t seed) {
  std::vector<double> cumulative(kVocabulary);
  double sum = 0.0;
  for (int rank = 0; rank < kVocabulary; ++rank) cumulative[rank] = sum += 1.0 / (rank + 1.0);
  Random random(seed, "routing words");
  std::unordered_map<std::int64_t, std::uint32_t> seen;
  std::vector<std::uint32_t> words(tokens);
  for (std::uint32_t& word : words) {
    const auto rank = std::lower_bound(cumulative.begin(), cumulative.end(), random.uniform() * sum);
    word = seen.try_emplace(rank - cumulative.begin(), static_cast<std::uint32_t>(seen.size())).first->second;
  }
  return words;
}

std::size_t count_distinct(const std::vector<std::uint32_t>& words) {
  return words.empty() ? 0 : 1 + *std::max_element(words.begin(), words.end());
}

/// The sum of squares, in eight interleaved sums: the order is fixed, so are the bits.
float square_of(std::span<const float> values) {
  std::array<float, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += values[i + lane] * values[i + lane];
  }
  for (; i < values.size(); ++i) sums[0] += values[i] * values[i];
  return std::accumulate(sums.begin(), sums.end(), 0.0f);
}

}  // namespace

TokenStreams::TokenStreams(const RoutingPreset& preset, StreamPool pool, std::int64_t max_dimension,
                           std::uint64_t seed)
    : preset_(preset),
      pool_(pool),
      stride_(static_cast<std::size_t>(max_dimension)),
      words_(preset.token_share > 0.0 ? draw_words(std::size_t{pool.streams} * pool.length, seed)
                                      : std::vector<std::uint32_t>()),
      fresh_(Random(seed, "routing fresh")),
      norms_(seed, "routing norms"),
      common_(part(preset.common_share, 1, seed, "routing common")),
      domains_(part(preset.domain_share, static_cast<std::size_t>(preset.domains), seed, "routing domains")),
      sequences_(
          part(preset.sequence_share, std::size_t{pool.streams} * pool.length, seed, "routing sequences")),
      tokens_(part(preset.token_share, count_distinct(words_), seed, "routing tokens")) {}

TokenStreams::Part TokenStreams::part(double share, std::size_t owners, std::uint64_t seed,
                                      std::string_view name) const {
  const std::size_t size = share > 0.0 ? owners * stride_ : 0;
  return {static_cast<float>(std::sqrt(share)), NormalNumbers(Random(seed, name)), std::vector<float>(size)};
}

void TokenStreams::next_layer(std::int64_t dimension, std::int64_t width, std::span<float> hidden) {
  const auto size = static_cast<std::size_t>(dimension);
  for (Part* shared : {&common_, &domains_, &sequences_, &tokens_}) advance(*shared);
  first_layer_ = false;
  fresh_.fill(hidden);
  const auto amplitude = static_cast<float>(std::sqrt(std::max(0.0, preset_.fresh_share())));
  if (amplitude < 1.0f) {
    for (float& value : hidden) value *= amplitude;
  }
  for (std::size_t stream = 0; stream < pool_.streams; ++stream) {
    const std::size_t first = stream * pool_.length;
    for (std::size_t t = first; t < first + pool_.length; ++t) {
      const std::span<float> token = hidden.subspan(t * size, size);
      add(common_, 0, token);
      add(domains_, stream % static_cast<std::size_t>(preset_.domains), token);
      if (!words_.empty()) add(tokens_, words_[t], token);
    }
    add_sequence(stream, dimension, hidden);
  }
  normalise(dimension, width, hidden);
}

/// values = c values + sqrt(1 - c²) fresh, so that the variance stays 1.
void TokenStreams::advance(Part& shared) {
  if (shared.values.empty()) return;
  if (first_layer_ || preset_.layer_correlation == 0.0) return shared.normals.fill(shared.values);
  const auto kept = static_cast<float>(preset_.layer_correlation);
  const float renewed = std::sqrt(1.0f - kept * kept);
  std::vector<float> fresh(stride_);
  for (std::size_t i = 0; i < shared.values.size(); i += stride_) {
    shared.normals.fill(fresh);
    for (std::size_t j = 0; j < stride_; ++j) {
      shared.values[i + j] = kept * shared.values[i + j] + renewed * fresh[j];
    }
  }
}

void TokenStreams::add(const Part& shared, std::size_t owner, std::span<float> token) const {
  if (shared.values.empty()) return;
  const float* values = shared.values.data() + owner * stride_;
  for (std::size_t j = 0; j < token.size(); ++j) token[j] += shared.amplitude * values[j];
}

/// The sequence part is a stationary first-order process along the stream, correlation exp(-distance /
/// drift). It starts anew where the ring closes.
void TokenStreams::add_sequence(std::size_t stream, std::int64_t dimension, std::span<float> hidden) const {
  if (sequences_.values.empty()) return;
  const auto size = static_cast<std::size_t>(dimension);
  const auto kept = static_cast<float>(std::exp(-1.0 / preset_.drift_tokens));
  const float renewed = std::sqrt(1.0f - kept * kept);
  std::vector<float> state(size);
  for (std::size_t i = 0; i < pool_.length; ++i) {
    const std::size_t t = stream * pool_.length + i;
    const float* innovation = sequences_.values.data() + t * stride_;
    float* token = hidden.data() + t * size;
    for (std::size_t j = 0; j < size; ++j) {
      state[j] = i == 0 ? innovation[j] : kept * state[j] + renewed * innovation[j];
      token[j] += sequences_.amplitude * state[j];
    }
  }
}

void TokenStreams::normalise(std::int64_t dimension, std::int64_t width, std::span<float> hidden) {
  const auto size = static_cast<std::size_t>(dimension);
  const auto hidden_freedom = static_cast<double>(width - dimension);
  for (std::size_t i = 0; i < hidden.size(); i += size) {
    const float square = square_of(hidden.subspan(i, size));
    const double rest = width > dimension ? norms_.gamma(hidden_freedom / 2.0, 2.0) : 0.0;
    const auto scale = static_cast<float>(std::sqrt(static_cast<double>(width) / (square + rest)));
    for (std::size_t j = 0; j < size; ++j) hidden[i + j] *= scale;
  }
}

}  // namespace switchyard
