// How token streams are generated: the parameters of a routing preset, and their catalogue (presets/*.json).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/gate_shape.hpp"

namespace switchyard {

/// Decode batches of which the number of distinct experts is counted, in tokens of different sequences.
inline constexpr std::array<std::uint32_t, 5> kDecodeBatches{1, 4, 16, 64, 256};

/// A share that may change with depth: values at equal distances from the first MoE layer (depth 0) to the
/// last (depth 1), linear in between. One value is the same everywhere.
struct OverDepth {
  std::vector<double> values{0.0};

  OverDepth() = default;
  OverDepth(double everywhere) : values{everywhere} {}
  explicit OverDepth(std::vector<double> knots) : values(std::move(knots)) {}

  double at(double depth) const;
  /// Whether it is 0 at every depth.
  bool absent() const;
};

/// What recorded routing showed in one layer: one number a domain each, or none where the recording does not
/// tell. Names as in RoutingStatistics.
struct MeasuredRouting {
  std::vector<double> max_over_mean;
  std::vector<double> entropy_bits;
  std::vector<double> previous_token_overlap;
  std::vector<double> first_choice_repeat;
  std::vector<double> ep8_imbalance;
  std::vector<double> distinct_experts;  // of the batches kDecodeBatches, over all domains
};

/// How popular the experts of one layer are in each domain, and how alike neighbours are.
struct ExpertProfile {
  double depth = 0.0;                            // of the recorded layer, 0…1
  std::vector<double> neighbour_correlation;     // [domains], -1…1; see RoutingPreset
  std::vector<std::vector<double>> expert_bias;  // [domains][experts]: added to a logit, in its deviations
  MeasuredRouting measured;
};

/// Generated hidden states of one layer: a mix of unit-variance Gaussian parts that live on different time
/// scales. All shares are fractions of variance; what is left of 1 is fresh noise per token. `random` has all
/// of them 0.
///
/// With profiles, hidden states of a domain are moreover displaced along a direction of that domain, on which
/// the gate has the profile's biases; the mean of all parts over the tokens of a domain is taken out, so that
/// the displacement alone says how popular an expert is; and the fresh noise of a token has the
/// neighbour_correlation with that of the token before. A layer takes the biases of the profile nearest in
/// depth, and the correlation between those above and below. Experts keep the order of the recording when the
/// layer is as deep as the profile and has as many experts; else they are drawn at equal distances of
/// popularity and stand in random order.
struct RoutingPreset {
  std::string name;
  std::string source;           // what it reproduces and how closely, or that it is a model only
  double gate_bias_zipf = 0.0;  // adds -z ln(e + 1) to the logit of expert e, the same in every layer; 0…10
  double common_share = 0.0;    // common to all tokens: experts that are favourites everywhere
  std::int64_t domains = 1;     // topics; stream s belongs to topic s mod domains
  double domain_share = 0.0;    // common to the streams of a domain
  OverDepth sequence_share;     // common to the tokens of a stream (drifts, see drift_tokens)
  OverDepth token_share;        // bound to the token's identity, drawn from a Zipf vocabulary
  double drift_tokens = 256.0;  // correlation length of the sequence part, in tokens
  double layer_correlation = 0.0;       // of a part with itself one MoE layer up; the gates are independent
  double temperature = 1.0;             // multiplies the logits, before gate_bias_zipf
  std::vector<ExpertProfile> profiles;  // by ascending depth; none: experts differ by the shares alone
  std::optional<double> measured_domain_load_cosine;  // over the profiles' layers
  ScoreFormat arithmetic = ScoreFormat::fp32;         // of the gates that route the streams

  /// The share of variance that is fresh noise.
  double fresh_share(double depth) const {
    return 1.0 - common_share - domain_share - sequence_share.at(depth) - token_share.at(depth);
  }
  /// Of the fresh noise of two tokens that follow each other; 0 without profiles.
  double neighbour_correlation(double depth, std::int64_t domain) const;
  /// Directions that the domains' displacements take.
  std::int64_t displacements() const { return profiles.empty() ? 0 : domains; }
};

/// Where a layer stands among the MoE layers of its model, from 0 to 1.
double relative_depth(std::int64_t layer, std::int64_t layers);

std::vector<std::string> routing_preset_names();

/// A name of the catalogue, or the path of a file like those in presets/ (a text with '/' or ending in
/// .json). Throws InputError, at `path` (where the user wrote the name) when there is no such preset.
RoutingPreset read_routing_preset(const std::string& name, const std::string& path);

}  // namespace switchyard
