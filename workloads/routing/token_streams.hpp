// Token streams and their generated hidden states, one MoE layer after the other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "workloads/routing/normal_numbers.hpp"
#include "workloads/routing/preset.hpp"

namespace switchyard {

struct StreamPool {
  std::uint32_t streams = 0;  // a multiple of 16
  std::uint32_t length = 0;   // tokens a stream, a multiple of 16
};

/// Draws the tokens' identities and topics once, then the hidden states of each layer in turn.
class TokenStreams {
 public:
  /// `max_dimension`: the largest subspace that any layer asks for.
  TokenStreams(const RoutingPreset& preset, StreamPool pool, std::int64_t max_dimension, std::uint64_t seed);

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
  Part part(double share, std::size_t owners, std::uint64_t seed, std::string_view name) const;
  void advance(Part& part);
  void add(const Part& part, std::size_t owner, std::span<float> token) const;
  void add_sequence(std::size_t stream, std::int64_t dimension, std::span<float> hidden) const;
  void normalise(std::int64_t dimension, std::int64_t width, std::span<float> hidden);

  RoutingPreset preset_;
  StreamPool pool_;
  std::size_t stride_;
  std::vector<std::uint32_t> words_;  // [streams * length], an index into words' vectors
  NormalNumbers fresh_;
  Random norms_;
  Part common_;
  Part domains_;
  Part sequences_;  // innovations, one a token
  Part tokens_;
  bool first_layer_ = true;
};

}  // namespace switchyard
