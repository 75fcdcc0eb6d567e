// How token streams are generated: the parameters of a routing preset, and their catalogue (presets/*.json).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/gate_shape.hpp"

namespace switchyard {

/// Generated hidden states of one layer: a mix of unit-variance Gaussian parts that live on different time
/// scales. All shares are fractions of variance; what is left of 1 is fresh noise per token. `random` has all
/// of them 0.
struct RoutingPreset {
  std::string name;
  std::string source;           // what it reproduces and how closely, or that it is a model only
  double gate_bias_zipf = 0.0;  // adds -z ln(e + 1) to the logit of expert e, the same in every layer; 0…10
  double common_share = 0.0;    // common to all tokens: experts that are favourites everywhere
  std::int64_t domains = 1;     // topics; stream s belongs to topic s mod domains
  double domain_share = 0.0;    // common to the streams of a domain
  double sequence_share = 0.0;  // common to the tokens of a stream (drifts, see drift_tokens)
  double token_share = 0.0;     // bound to the token's identity, drawn from a Zipf vocabulary
  double drift_tokens = 256.0;  // correlation length of the sequence part, in tokens
  double layer_correlation = 0.0;  // of a part with itself one MoE layer up; the gates are independent
  double temperature = 1.0;        // multiplies the logits, before gate_bias_zipf
  ScoreFormat arithmetic = ScoreFormat::fp32;  // of the gates that route the streams

  /// The share of variance that is fresh noise.
  double fresh_share() const { return 1.0 - common_share - domain_share - sequence_share - token_share; }
};

std::vector<std::string> routing_preset_names();

/// A name of the catalogue, or the path of a file like those in presets/ (a text with '/' or ending in
/// .json). Throws InputError, at `path` (where the user wrote the name) when there is no such preset.
RoutingPreset read_routing_preset(const std::string& name, const std::string& path);

}  // namespace switchyard
