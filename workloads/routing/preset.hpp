// How token streams are generated: the parameters of a routing preset, and their catalogue (presets/*.json).
#pragma once

#include <string>
#include <vector>

#include "sim/base/json.hpp"

namespace switchyard {

/// Generated hidden states of one layer: a mix of unit-variance Gaussian parts that live on different time scales. All
/// shares are fractions of variance; what is left is fresh noise per token. `random` has all of them 0.
struct RoutingPreset {
  std::string name;
  std::string source;              // what it reproduces, or that it is a model only
  double gate_bias_zipf = 0.0;     // adds -z ln(e + 1) to the logit of expert e, the same in every layer
  std::int64_t domains = 1;        // topics; a stream belongs to one
  double domain_share = 0.0;       // common to the streams of a domain
  double sequence_share = 0.0;     // common to the tokens of a stream (drifts, see drift_tokens)
  double token_share = 0.0;        // bound to the token's identity, drawn from a Zipf vocabulary
  double drift_tokens = 256.0;     // correlation length of the sequence part, in tokens
  double layer_correlation = 0.0;  // of a part between neighbouring layers
  double temperature = 1.0;        // multiplies the logits
};

std::vector<std::string> routing_preset_names();

/// The scenario's "routing" block: {"preset": name, + any field of RoutingPreset as an override}. `fallback` is the
/// model's own. Throws InputError.
RoutingPreset read_routing_preset(const std::string& name, const std::string& path);

}  // namespace switchyard
