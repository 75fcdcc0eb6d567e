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

/// A sequence that drifts slowly moves every fourth token, by the same correlation over four: a quarter of
/// the numbers to draw.
constexpr double kSlowDrift = 16.0;
constexpr std::size_t kStay = 4;

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
                           std::int64_t layers, std::uint64_t seed, const FurtherPool& further)
    : preset_(preset),
      pool_(pool),
      stride_(static_cast<std::size_t>(max_dimension)),
      layers_(layers),
      words_(preset.token_share.absent() ? Words() : draw_words(pool, seed, further)),
      fresh_(own(seed, "routing fresh", further)),
      norms_(own(seed, "routing norms", further)),
      common_(part(preset.common_share > 0.0 ? 1 : 0, Random(seed, "routing common"))),
      domains_(part(preset.domain_share > 0.0 ? static_cast<std::size_t>(preset.domains) : 0,
                    Random(seed, "routing domains"))),
      stay_(preset.drift_tokens < kSlowDrift ? 1 : kStay),
      sequences_(part(preset.sequence_share.absent() ? 0 : pool.streams * moves(),
                      own(seed, "routing sequences", further))),
      tokens_(part(words_.first, Random(seed, "routing tokens"))),
      more_words_(part(words_.distinct - words_.first, own(seed, "routing tokens", further))) {}

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

TokenStreams::Part TokenStreams::part(std::size_t owners, const Random& random) const {
  return {NormalNumbers(random), std::vector<float>(owners * stride_)};
}

void TokenStreams::next_layer(std::int64_t dimension, std::int64_t width, std::span<float> hidden) {
  for (Part* shared : {&common_, &domains_, &sequences_, &tokens_, &more_words_}) advance(*shared);
  const Layer layer{relative_depth(next_++, layers_), static_cast<std::size_t>(dimension),
                    static_cast<std::size_t>(dimension - preset_.displacements()), hidden};
  fresh_.fill(hidden);
  const auto root = [](double share) { return static_cast<float>(std::sqrt(std::max(0.0, share))); };
  const float fresh = root(preset_.fresh_share(layer.depth));
  for (std::size_t stream = 0; stream < pool_.streams; ++stream) {
    correlate_neighbours(stream, layer);
    const std::size_t first = stream * pool_.length;
    for (std::size_t t = first; t < first + pool_.length; ++t) {
      const std::span<float> token = layer.token(t);
      if (fresh < 1.0f) {
        for (float& value : token) value *= fresh;
      }
      add(common_, root(preset_.common_share), 0, token);
      add(domains_, root(preset_.domain_share), domain_of(stream), token);
      if (!words_.of_token.empty()) add_word(root(preset_.token_share.at(layer.depth)), t, token);
    }
    add_sequence(stream, layer);
  }
  if (preset_.displacements() > 0) take_out_means(layer);
  normalise(width, layer);
  if (preset_.displacements() > 0) displace(layer);
}

/// values = c values + sqrt(1 - c²) fresh, so that the variance stays 1.
void TokenStreams::advance(Part& shared) {
  if (shared.values.empty()) return;
  if (next_ == 0 || preset_.layer_correlation == 0.0) return shared.normals.fill(shared.values);
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

void TokenStreams::add(const Part& shared, float amplitude, std::size_t owner, std::span<float> token) const {
  if (shared.values.empty()) return;
  const float* values = shared.values.data() + owner * stride_;
  for (std::size_t j = 0; j < token.size(); ++j) token[j] += amplitude * values[j];
}

void TokenStreams::add_word(float amplitude, std::size_t token, std::span<float> hidden) const {
  const std::size_t word = words_.of_token[token];
  if (word < words_.first) add(tokens_, amplitude, word, hidden);
  else add(more_words_, amplitude, word - words_.first, hidden);
}

/// Makes the fresh noise a stationary first-order process along the stream.
void TokenStreams::correlate_neighbours(std::size_t stream, const Layer& layer) const {
  const double correlation =
      preset_.neighbour_correlation(layer.depth, static_cast<std::int64_t>(domain_of(stream)));
  if (correlation == 0.0) return;
  const auto kept = static_cast<float>(correlation);
  const float renewed = std::sqrt(1.0f - kept * kept);
  for (std::size_t t = stream * pool_.length + 1; t < (stream + 1) * pool_.length; ++t) {
    const std::span<float> before = layer.token(t - 1);
    const std::span<float> token = layer.token(t);
    for (std::size_t j = 0; j < token.size(); ++j) token[j] = kept * before[j] + renewed * token[j];
  }
}

/// The sequence part is a stationary first-order process along the stream, correlation exp(-distance /
/// drift), that moves every stay_ tokens. It starts anew where the ring closes.
void TokenStreams::add_sequence(std::size_t stream, const Layer& layer) const {
  if (sequences_.values.empty()) return;
  const auto amplitude = static_cast<float>(std::sqrt(preset_.sequence_share.at(layer.depth)));
  const auto kept = static_cast<float>(std::exp(-static_cast<double>(stay_) / preset_.drift_tokens));
  const float renewed = std::sqrt(1.0f - kept * kept);
  std::vector<float> state(layer.drawn);
  const float* innovation = sequences_.values.data() + stream * moves() * stride_;
  for (std::size_t i = 0; i < pool_.length; ++i) {
    if (i == 0) std::copy_n(innovation, layer.drawn, state.begin());
    else if (i % stay_ == 0) {
      innovation += stride_;
      for (std::size_t j = 0; j < state.size(); ++j) state[j] = kept * state[j] + renewed * innovation[j];
    }
    const std::span<float> token = layer.token(stream * pool_.length + i);
    for (std::size_t j = 0; j < token.size(); ++j) token[j] += amplitude * state[j];
  }
}

/// Takes each domain's mean over its tokens out of them: what a pool of finite size leaves there would add to
/// the displacement and skew the loads.
void TokenStreams::take_out_means(const Layer& layer) const {
  const auto domains = static_cast<std::size_t>(preset_.domains);
  for (std::size_t domain = 0; domain < domains; ++domain) {
    std::vector<float> mean(layer.drawn);
    const auto visit = [&](auto&& change) {
      for (std::size_t stream = domain; stream < pool_.streams; stream += domains) {
        for (std::size_t i = 0; i < pool_.length; ++i) change(layer.token(stream * pool_.length + i));
      }
    };
    std::size_t tokens = 0;
    visit([&](std::span<float> token) {
      ++tokens;
      for (std::size_t j = 0; j < token.size(); ++j) mean[j] += token[j];
    });
    for (float& value : mean) value /= static_cast<float>(std::max<std::size_t>(tokens, 1));
    visit([&](std::span<float> token) {
      for (std::size_t j = 0; j < token.size(); ++j) token[j] -= mean[j];
    });
  }
}

void TokenStreams::normalise(std::int64_t width, const Layer& layer) {
  const auto drawn = static_cast<std::int64_t>(layer.drawn);
  const auto hidden_freedom = static_cast<double>(width - drawn);
  for (std::size_t t = 0; t < layer.hidden.size() / layer.dimension; ++t) {
    const std::span<float> token = layer.token(t);
    const float square = square_of(token);
    const double rest = width > drawn ? norms_.gamma(hidden_freedom / 2.0, 2.0) : 0.0;
    const auto scale = static_cast<float>(std::sqrt(static_cast<double>(width) / (square + rest)));
    for (float& value : token) value *= scale;
  }
}

void TokenStreams::displace(const Layer& layer) const {
  for (std::size_t t = 0; t < layer.hidden.size() / layer.dimension; ++t) {
    const std::span<float> directions =
        layer.hidden.subspan(t * layer.dimension + layer.drawn, layer.dimension - layer.drawn);
    std::fill(directions.begin(), directions.end(), 0.0f);
    directions[domain_of(t / pool_.length)] = 1.0f;
  }
}

}  // namespace switchyard
