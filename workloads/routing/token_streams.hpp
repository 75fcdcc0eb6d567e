// Token streams and their generated hidden states, one MoE layer after the other.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "workloads/routing/normal_numbers.hpp"
#include "workloads/routing/preset.hpp"

namespace switchyard {

struct StreamPool {
  std::uint32_t streams = 0;
  std::uint32_t length = 0;  // tokens a stream
};

/// Further streams of the same kind as those of a first pool: common, domain and word vectors are the first
/// pool's (words that it does not have get their own), all else is drawn anew for each number.
struct FurtherPool {
  StreamPool first;
  std::uint64_t number = 0;  // from 1; 0: it is the first pool
};

/// Draws the tokens' identities and topics once, then the hidden states of each layer in turn: begin(), every
/// draw, then every mix. Draws of one layer may be made at once, and so may its mixes; and while a layer is
/// mixed, the next may be drawn.
class TokenStreams {
 public:
  /// `max_dimension`: the largest routed_dimension of any layer; `layers`: how many there are.
  TokenStreams(const RoutingPreset& preset, StreamPool pool, std::int64_t max_dimension, std::int64_t layers,
               std::uint64_t seed, const FurtherPool& further = {});

  /// Vectors that several tokens share, each coordinate with unit variance, correlated from layer to layer.
  enum SharedPart { common, of_domains, of_sequences, of_words, of_more_words };
  static constexpr std::size_t kSharedParts = 5;
  /// What is drawn: each of these of a random stream of its own, which goes on from layer to layer. The first
  /// are the longest.
  static constexpr std::size_t kDraws = 2 + kSharedParts;

  /// The hidden states of one MoE layer, [tokens, dimension]: `dimension` coordinates of RMS-normalised
  /// vectors of `width` elements. The other coordinates enter the norm as one chi-squared number. The last
  /// coordinates, one a domain where the preset has profiles, are 1 in that of the token's domain, else 0,
  /// and are not part of the norm; `drawn` are before them.
  struct Layer {
    std::int64_t number = 0;
    double depth = 0.0;
    std::int64_t width = 0;
    std::size_t dimension = 0;
    std::size_t drawn = 0;
    std::vector<float> hidden;
    std::vector<double> other_squares;  // [tokens], of the coordinates beside `drawn`
    std::array<std::vector<float>, kSharedParts>
        shared;  // [owners, max_dimension]; empty where the preset has none

    std::span<float> token(std::size_t t) { return std::span(hidden).subspan(t * dimension, drawn); }
  };

  std::size_t tokens() const { return std::size_t{pool_.streams} * pool_.length; }
  std::size_t domains() const { return static_cast<std::size_t>(preset_.domains); }

  /// Makes `layer` the next MoE layer, of this routed_dimension and width.
  void begin(std::int64_t dimension, std::int64_t width, Layer& layer);
  /// Draws what has a number below kDraws. `before`: the layer before, as it was drawn, or `layer` itself
  /// when that is where it was. Each number once a layer.
  void draw(std::size_t number, const Layer& before, Layer& layer);
  /// Makes the hidden states of a domain's tokens of all that was drawn.
  void mix(std::size_t domain, Layer& layer) const;

 private:
  struct Part {
    NormalNumbers normals;
    std::size_t owners = 0;  // 0 when the preset does not have the part
  };
  /// An index into words' vectors for each token: those of the first pool, then others.
  struct Words {
    std::vector<std::uint32_t> of_token;  // [streams * length]
    std::size_t first = 0;                // distinct words of the first pool
    std::size_t distinct = 0;
  };
  static Words draw_words(StreamPool pool, std::uint64_t seed, const FurtherPool& further);
  void draw_fresh(Layer& layer);
  void draw_other_squares(Layer& layer);
  void advance(std::size_t part, const Layer& before, Layer& layer);
  void renew(const std::vector<float>& old, NormalNumbers& normals, std::vector<float>& values) const;
  void add(SharedPart part, float amplitude, std::size_t owner, const Layer& layer,
           std::span<float> token) const;
  void add_word(float amplitude, std::size_t token, const Layer& layer, std::span<float> hidden) const;
  void mix_stream(std::size_t stream, Layer& layer) const;
  void correlate_neighbours(std::size_t stream, Layer& layer) const;
  void add_sequence(std::size_t stream, Layer& layer) const;
  void take_out_mean(std::size_t domain, Layer& layer) const;
  void normalise(std::size_t stream, Layer& layer) const;
  void displace(std::size_t stream, Layer& layer) const;

  /// Of the sequence part along one stream.
  std::size_t moves() const { return (std::size_t{pool_.length} + stay_ - 1) / stay_; }
  std::size_t domain_of(std::size_t stream) const { return stream % domains(); }

  RoutingPreset preset_;
  StreamPool pool_;
  std::size_t stride_;
  std::int64_t layers_;
  std::int64_t next_ = 0;
  Words words_;
  NormalNumbers fresh_;
  Random norms_;
  std::size_t stay_;  // tokens after which the sequence part moves
  /// Owners of the sequence part are the moves of each stream; of words, those of the first pool, and those
  /// of this pool that the first does not have.
  std::array<Part, kSharedParts> parts_;
};

}  // namespace switchyard
