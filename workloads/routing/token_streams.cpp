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
      stay_(preset.drift_tokens < kSlowDrift ? 1 : kStay),
      parts_{Part{NormalNumbers(Random(seed, "routing common")), preset.common_share > 0.0 ? 1u : 0u},
             Part{NormalNumbers(Random(seed, "routing domains")), preset.domain_share > 0.0 ? domains() : 0},
             Part{NormalNumbers(own(seed, "routing sequences", further)),
                  preset.sequence_share.absent() ? 0 : pool.streams * moves()},
             Part{NormalNumbers(Random(seed, "routing tokens")), words_.first},
             Part{NormalNumbers(own(seed, "routing tokens", further)), words_.distinct - words_.first}} {}

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

void TokenStreams::begin(std::int64_t dimension, std::int64_t width, Layer& layer) {
  layer.number = next_++;
  layer.depth = relative_depth(layer.number, layers_);
  layer.width = width;
  layer.dimension = static_cast<std::size_t>(dimension);
  layer.drawn = static_cast<std::size_t>(dimension - preset_.displacements());
  layer.hidden.resize(tokens() * layer.dimension);
  layer.other_squares.resize(tokens());
  for (std::size_t part = 0; part < kSharedParts; ++part)
    layer.shared[part].resize(parts_[part].owners * stride_);
}

void TokenStreams::draw(std::size_t number, const Layer& before, Layer& layer) {
  if (number == 0) return draw_fresh(layer);
  if (number == 1) return draw_other_squares(layer);
  advance(number - 2, before, layer);
}

// Each draw works on a copy of its random stream: those of several threads, side by side in memory, would
// take the line of the cache from each other with every number.

void TokenStreams::draw_fresh(Layer& layer) {
  NormalNumbers normals = fresh_;
  normals.fill(layer.hidden);
  fresh_ = normals;
}

void TokenStreams::draw_other_squares(Layer& layer) {
  Random random = norms_;
  const std::int64_t others = layer.width - static_cast<std::int64_t>(layer.drawn);
  for (double& square : layer.other_squares)
    square = others > 0 ? random.gamma(static_cast<double>(others) / 2.0, 2.0) : 0.0;
  norms_ = random;
}

void TokenStreams::advance(std::size_t part, const Layer& before, Layer& layer) {
  NormalNumbers normals = parts_[part].normals;
  std::vector<float>& values = layer.shared[part];
  if (layer.number == 0 || preset_.layer_correlation == 0.0) normals.fill(values);
  else renew(before.shared[part], normals, values);
  parts_[part].normals = normals;
}

/// values = c old + sqrt(1 - c²) fresh, so that the variance stays 1.
void TokenStreams::renew(const std::vector<float>& old, NormalNumbers& normals,
                         std::vector<float>& values) const {
  const auto kept = static_cast<float>(preset_.layer_correlation);
  const float renewed = std::sqrt(1.0f - kept * kept);
  std::vector<float> fresh(stride_);
  for (std::size_t i = 0; i < values.size(); i += stride_) {
    normals.fill(fresh);
    for (std::size_t j = 0; j < stride_; ++j) values[i + j] = kept * old[i + j] + renewed * fresh[j];
  }
}

void TokenStreams::mix(std::size_t domain, Layer& layer) const {
  const auto each_stream = [&](auto&& work) {
    for (std::size_t stream = domain; stream < pool_.streams; stream += domains()) work(stream);
  };
  each_stream([&](std::size_t stream) { mix_stream(stream, layer); });
  if (preset_.displacements() > 0) take_out_mean(domain, layer);
  each_stream([&](std::size_t stream) { normalise(stream, layer); });
  if (preset_.displacements() > 0) each_stream([&](std::size_t stream) { displace(stream, layer); });
}

void TokenStreams::mix_stream(std::size_t stream, Layer& layer) const {
  const auto root = [](double share) { return static_cast<float>(std::sqrt(std::max(0.0, share))); };
  const float fresh = root(preset_.fresh_share(layer.depth));
  correlate_neighbours(stream, layer);
  const std::size_t first = stream * pool_.length;
  for (std::size_t t = first; t < first + pool_.length; ++t) {
    const std::span<float> token = layer.token(t);
    if (fresh < 1.0f) {
      for (float& value : token) value *= fresh;
    }
    add(common, root(preset_.common_share), 0, layer, token);
    add(of_domains, root(preset_.domain_share), domain_of(stream), layer, token);
    if (!words_.of_token.empty()) add_word(root(preset_.token_share.at(layer.depth)), t, layer, token);
  }
  add_sequence(stream, layer);
}

void TokenStreams::add(SharedPart part, float amplitude, std::size_t owner, const Layer& layer,
                       std::span<float> token) const {
  if (parts_[part].owners == 0) return;
  const float* values = layer.shared[part].data() + owner * stride_;
  for (std::size_t j = 0; j < token.size(); ++j) token[j] += amplitude * values[j];
}

void TokenStreams::add_word(float amplitude, std::size_t token, const Layer& layer,
                            std::span<float> hidden) const {
  const std::size_t word = words_.of_token[token];
  if (word < words_.first) add(of_words, amplitude, word, layer, hidden);
  else add(of_more_words, amplitude, word - words_.first, layer, hidden);
}

/// Makes the fresh noise a stationary first-order process along the stream.
void TokenStreams::correlate_neighbours(std::size_t stream, Layer& layer) const {
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
void TokenStreams::add_sequence(std::size_t stream, Layer& layer) const {
  if (parts_[of_sequences].owners == 0) return;
  const auto amplitude = static_cast<float>(std::sqrt(preset_.sequence_share.at(layer.depth)));
  const auto kept = static_cast<float>(std::exp(-static_cast<double>(stay_) / preset_.drift_tokens));
  const float renewed = std::sqrt(1.0f - kept * kept);
  std::vector<float> state(layer.drawn);
  const float* innovation = layer.shared[of_sequences].data() + stream * moves() * stride_;
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

/// Takes a domain's mean over its tokens out of them: what a pool of finite size leaves there would add to
/// the displacement and skew the loads.
void TokenStreams::take_out_mean(std::size_t domain, Layer& layer) const {
  std::vector<float> mean(layer.drawn);
  const auto visit = [&](auto&& change) {
    for (std::size_t stream = domain; stream < pool_.streams; stream += domains()) {
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

void TokenStreams::normalise(std::size_t stream, Layer& layer) const {
  for (std::size_t t = stream * pool_.length; t < (stream + 1) * pool_.length; ++t) {
    const std::span<float> token = layer.token(t);
    const float square = square_of(token);
    const auto scale =
        static_cast<float>(std::sqrt(static_cast<double>(layer.width) / (square + layer.other_squares[t])));
    for (float& value : token) value *= scale;
  }
}

void TokenStreams::displace(std::size_t stream, Layer& layer) const {
  for (std::size_t t = stream * pool_.length; t < (stream + 1) * pool_.length; ++t) {
    const std::span<float> directions =
        std::span(layer.hidden).subspan(t * layer.dimension + layer.drawn, layer.dimension - layer.drawn);
    std::fill(directions.begin(), directions.end(), 0.0f);
    directions[domain_of(stream)] = 1.0f;
  }
}

}  // namespace switchyard
