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
  /// `max_dimension`: the largest subspace that any layer asks for.
  TokenStreams(const RoutingPreset& preset, StreamPool pool, std::int64_t max_dimension, std::uint64_t seed,
               const FurtherPool& further = {});

  /// The hidden states of the next MoE layer: `dimension` coordinates of RMS-normalised vectors of `width`
  /// elements, into hidden [streams * length, dimension]. The other coordinates enter the norm as one
  /// chi-squared number.
  void next_layer(std::int64_t dimension, std::int64_t width, std::span<float> hidden);

 private:
  /// Vectors that several tokens share, each coordinate with unit variance, correlated from layer to layer.
  struct Part {
    float amplitude;  // square root of the share; nothing is drawn for 0
    NormalNumbers normals;
    std::vector<float> values;  // [owners, max_dimension]
  };
  Part part(double share, std::size_t owners, const Random& random) const;
  void advance(Part& part);
  void add(const Part& part, std::size_t owner, std::span<float> token) const;
  void add_sequence(std::size_t stream, std::int64_t dimension, std::span<float> hidden) const;
  void normalise(std::int64_t dimension, std::int64_t width, std::span<float> hidden);

  RoutingPreset preset_;
  StreamPool pool_;
  std::size_t stride_;
  /// An index into words' vectors for each token: those of the first pool, then others.
  struct Words {
    std::vector<std::uint32_t> of_token;  // [streams * length]
    std::size_t first = 0;                // distinct words of the first pool
    std::size_t distinct = 0;
  };
  static Words draw_words(StreamPool pool, std::uint64_t seed, const FurtherPool& further);
  void add_word(std::size_t token, std::span<float> hidden) const;

  Words words_;
  NormalNumbers fresh_;
  Random norms_;
  Part common_;
  Part domains_;
  Part sequences_;   // innovations, one a token
  Part tokens_;      // the words of the first pool
  Part more_words_;  // those of this pool that the first does not have
  bool first_layer_ = true;
};

}  // namespace switchyard
