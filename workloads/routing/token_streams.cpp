// The generator of hidden states.
#include "workloads/routing/token_streams.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace switchyard {
namespace {

// Zipf's law in Mandelbrot's form, 1 / (rank + 3): the most frequent word is 3.8 % of the text, and two words
// of it are the same with probability 0.5 %. Real text in tokens of OLMoE and Mixtral: 3 to 9 %, 0.3 to 1.4 %
// (github.com/allenai/OLMoE, scripts/routing_output).
constexpr int kVocabulary = 16384;
constexpr double kFirstRank = 3.0;

std::size_t tokens_of(StreamPool pool) { return std::size_t{pool.streams} * pool.length; }

/// Words by rank, numbered in order of appearance so that only words in use get vectors.
class Vocabulary {
 public:
  Vocabulary() : cumulative_(kVocabulary) {
    double sum = 0.0;
    for (int rank = 0; rank < kVocabulary; ++rank) cumulative_[rank] = sum += 1.0 / (rank + kFirstRank);
  }
  std::vector<std::uint32_t> draw(std::size_t tokens, Random random) {
    std::vector<std::uint32_t> words(tokens);
    for (std::uint32_t& word : words) {
      const auto rank =
          std::lower_bound(cumulative_.begin(), cumulative_.end(), random.uniform() * cumulative_.back());
      word = seen_.try_emplace(rank - cumulative_.begin(), static_cast<std::uint32_t>(seen_.size()))
                 .first->second;
    }
    return words;
  }
  std::size_t distinct() const { return seen_.size(); }

 private:
  std::vector<double> cumulative_;
  std::unordered_map<std::int64_t, std::uint32_t> seen_;
};

/// What a pool has of its own.
Random own(std::uint64_t seed, std::string_view name, const FurtherPool& further) {
  return further.number == 0 ? Random(seed, name) : Random(seed, name, further.number);
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
                           std::uint64_t seed, const FurtherPool& further)
    : preset_(preset),
      pool_(pool),
      stride_(static_cast<std::size_t>(max_dimension)),
      words_(preset.token_share > 0.0 ? draw_words(pool, seed, further) : Words()),
      fresh_(own(seed, "routing fresh", further)),
      norms_(own(seed, "routing norms", further)),
      common_(part(preset.common_share, 1, Random(seed, "routing common"))),
      domains_(part(preset.domain_share, static_cast<std::size_t>(preset.domains),
                    Random(seed, "routing domains"))),
      sequences_(part(preset.sequence_share, tokens_of(pool), own(seed, "routing sequences", further))),
      tokens_(part(preset.token_share, words_.first, Random(seed, "routing tokens"))),
      more_words_(
          part(preset.token_share, words_.distinct - words_.first, own(seed, "routing tokens", further))) {}

TokenStreams::Words TokenStreams::draw_words(StreamPool pool, std::uint64_t seed,
                                             const FurtherPool& further) {
  Vocabulary vocabulary;
  Words words;
  words.of_token =
      vocabulary.draw(tokens_of(further.number == 0 ? pool : further.first), Random(seed, "routing words"));
  words.first = vocabulary.distinct();
  if (further.number > 0)
    words.of_token = vocabulary.draw(tokens_of(pool), own(seed, "routing words", further));
  words.distinct = vocabulary.distinct();
  return words;
}

TokenStreams::Part TokenStreams::part(double share, std::size_t owners, const Random& random) const {
  const std::size_t size = share > 0.0 ? owners * stride_ : 0;
  return {static_cast<float>(std::sqrt(share)), NormalNumbers(random), std::vector<float>(size)};
}

void TokenStreams::next_layer(std::int64_t dimension, std::int64_t width, std::span<float> hidden) {
  const auto size = static_cast<std::size_t>(dimension);
  for (Part* shared : {&common_, &domains_, &sequences_, &tokens_, &more_words_}) advance(*shared);
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
      if (!words_.of_token.empty()) add_word(t, token);
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

void TokenStreams::add_word(std::size_t token, std::span<float> hidden) const {
  const std::size_t word = words_.of_token[token];
  if (word < words_.first) add(tokens_, word, hidden);
  else add(more_words_, word - words_.first, hidden);
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
