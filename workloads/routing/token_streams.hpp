// Token streams and their generated hidden states, one MoE layer after the other.
#pragma once

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

/// Draws the tokens' identities and topics once, then the hidden states of each layer in turn.
class TokenStreams {
 public:
  /// `max_dimension`: the largest routed_dimension of any layer; `layers`: how many there are.
  TokenStreams(const RoutingPreset& preset, StreamPool pool, std::int64_t max_dimension, std::int64_t layers,
               std::uint64_t seed, const FurtherPool& further = {});

  /// The hidden states of the next MoE layer: `dimension` coordinates (its routed_dimension) of
  /// RMS-normalised vectors of `width` elements, into hidden [streams * length, dimension]. The other
  /// coordinates enter the norm as one chi-squared number. The last coordinates, one a domain where the
  /// preset has profiles, are 1 in that of the token's domain, else 0, and are not part of the norm.
  void next_layer(std::int64_t dimension, std::int64_t width, std::span<float> hidden);

 private:
  /// Vectors that several tokens share, each coordinate with unit variance, correlated from layer to layer.
  struct Part {
    NormalNumbers normals;
    std::vector<float> values;  // [owners, max_dimension]; empty when the preset does not have the part
  };
  /// The hidden states of one layer, row-major, and their first `drawn` coordinates.
  struct Layer {
    double depth;
    std::size_t dimension;
    std::size_t drawn;
    std::span<float> hidden;

    std::span<float> token(std::size_t t) const { return hidden.subspan(t * dimension, drawn); }
  };
  /// An index into words' vectors for each token: those of the first pool, then others.
  struct Words {
    std::vector<std::uint32_t> of_token;  // [streams * length]
    std::size_t first = 0;                // distinct words of the first pool
    std::size_t distinct = 0;
  };
  static Words draw_words(StreamPool pool, std::uint64_t seed, const FurtherPool& further);
  Part part(std::size_t owners, const Random& random) const;
  void advance(Part& part);
  void add(const Part& part, float amplitude, std::size_t owner, std::span<float> token) const;
  void add_word(float amplitude, std::size_t token, std::span<float> hidden) const;
  void correlate_neighbours(std::size_t stream, const Layer& layer) const;
  void add_sequence(std::size_t stream, const Layer& layer) const;
  void take_out_means(const Layer& layer) const;
  void normalise(std::int64_t width, const Layer& layer);
  void displace(const Layer& layer) const;

  /// Of the sequence part along one stream.
  std::size_t moves() const { return (std::size_t{pool_.length} + stay_ - 1) / stay_; }
  std::size_t domain_of(std::size_t stream) const {
    return stream % static_cast<std::size_t>(preset_.domains);
  }

  RoutingPreset preset_;
  StreamPool pool_;
  std::size_t stride_;
  std::int64_t layers_;
  std::int64_t next_ = 0;
  Words words_;
  NormalNumbers fresh_;
  Random norms_;
  Part common_;
  Part domains_;
  std::size_t stay_;  // tokens after which the sequence part moves
  Part sequences_;    // innovations, one for each move of each stream
  Part tokens_;       // the words of the first pool
  Part more_words_;   // those of this pool that the first does not have
};

}  // namespace switchyard
