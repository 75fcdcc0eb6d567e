// Reading routing presets.
#include "workloads/routing/preset.hpp"

#include <algorithm>
#include <span>

#include "sim/base/choices.hpp"
#include "sim/base/embedded.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/quote.hpp"
#include "workloads/routing/profile.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_routing_presets();

namespace {

RoutingPreset parse_preset(std::string_view text, const std::string& name, const std::string& source);

}  // namespace

std::vector<std::string> routing_preset_names() {
  std::vector<std::string> result;
  for (const EmbeddedFile& file : embedded_routing_presets()) result.emplace_back(file.name);
  std::sort(result.begin(), result.end());
  return result;
}

RoutingPreset read_routing_preset(const std::string& name, const std::string& path) {
  if (is_path(name)) {
    return parse_preset(named_at(path, [&] { return read_text_file(name); }), name, name);
  }
  for (const EmbeddedFile& file : embedded_routing_presets()) {
    if (file.name == name) return parse_preset(file.text, name, "routing preset " + name);
  }
  const std::vector<std::string> known = routing_preset_names();
  throw InputError(path, "unknown routing preset " + in_quotes(name) + "; " + choices(name, known));
}

namespace {

/// Shares are linear between knots, so the least is at a knot of one or the other.
double least_fresh_share(const RoutingPreset& preset) {
  double least = 1.0;
  for (const OverDepth* share : {&preset.sequence_share, &preset.token_share}) {
    const auto knots = static_cast<std::int64_t>(share->values.size());
    for (std::int64_t i = 0; i < knots; ++i) {
      least = std::min(least, preset.fresh_share(relative_depth(i, knots)));
    }
  }
  return least;
}

RoutingPreset parse_preset(std::string_view text, const std::string& name, const std::string& source) {
  const Json json = parse_json(text, source);
  ObjectReader reader(json, source);
  const NumberRange share{0.0, 1.0};
  RoutingPreset preset;
  preset.name = name;
  preset.source = reader.text("source");
  preset.gate_bias_zipf = reader.optional_number("gate_bias_zipf", 0.0, {0.0, 10.0});
  preset.common_share = reader.optional_number("common_share", 0.0, share);
  preset.domains = reader.optional_integer("domains", 1, {1, 64});
  preset.domain_share = reader.optional_number("domain_share", 0.0, share);
  preset.sequence_share = read_share(reader, "sequence_share");
  preset.token_share = read_share(reader, "token_share");
  preset.drift_tokens = reader.optional_number("drift_tokens", preset.drift_tokens, {1.0, 1e9});
  preset.layer_correlation = reader.optional_number("layer_correlation", 0.0, share);
  preset.temperature = reader.optional_number("temperature", 1.0, {1e-3, 1e3});
  preset.profiles = read_profiles(reader, preset.domains);
  if (reader.has("measured_domain_load_cosine")) {
    preset.measured_domain_load_cosine = reader.number("measured_domain_load_cosine", share);
  }
  reader.finish();
  if (least_fresh_share(preset) < 0.0) {
    throw InputError(source,
                     "common_share + domain_share + sequence_share + token_share is above 1; lower one");
  }
  return preset;
}

}  // namespace
}  // namespace switchyard
