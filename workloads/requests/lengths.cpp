// Length distributions. Drawn values are rounded to whole tokens and clipped, then scaled, so no request is
// empty.
#include "workloads/requests/lengths.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "sim/base/menu.hpp"
#include "workloads/requests/token_rows.hpp"

namespace switchyard {
namespace {

std::optional<double> parse_number(const std::string& text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string number_text(double value) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

void read_fixed(ObjectReader& reader, Workload::Lengths& lengths, const std::string&) {
  lengths.value = static_cast<double>(reader.integer("value", {1, kMaxTokens}));
}
void show_fixed(const Workload::Lengths& lengths, Json& json) {
  json["value"] = static_cast<std::int64_t>(lengths.value);
}
std::int64_t draw_fixed(const Workload::Lengths& lengths, Random&) {
  return static_cast<std::int64_t>(lengths.value);
}

void read_uniform(ObjectReader& reader, Workload::Lengths& lengths, const std::string&) {
  lengths.min = reader.integer("min", {1, kMaxTokens});
  lengths.max = reader.integer("max", {lengths.min, kMaxTokens});
}
void show_uniform(const Workload::Lengths& lengths, Json& json) {
  json["min"] = lengths.min;
  json["max"] = lengths.max;
}
std::int64_t draw_uniform(const Workload::Lengths& lengths, Random& random) {
  return random.integer(lengths.min, lengths.max);
}

void read_lognormal(ObjectReader& reader, Workload::Lengths& lengths, const std::string&) {
  lengths.mean = reader.number("mean", {1.0, static_cast<double>(kMaxTokens)});
  lengths.cv = reader.number("cv", {0.0, 100.0});
  lengths.max = reader.optional_integer("max", kMaxTokens, {1, kMaxTokens});
}
void show_lognormal(const Workload::Lengths& lengths, Json& json) {
  json["mean"] = lengths.mean;
  json["cv"] = lengths.cv;
  json["max"] = lengths.max;
}
std::int64_t draw_lognormal(const Workload::Lengths& lengths, Random& random) {
  const double tokens = std::round(random.lognormal(lengths.mean, lengths.cv));
  return static_cast<std::int64_t>(std::clamp(tokens, 1.0, static_cast<double>(lengths.max)));
}

void read_empirical(ObjectReader& reader, Workload::Lengths& lengths, const std::string& base_folder) {
  lengths.path = (std::filesystem::path(base_folder) / reader.text("path")).lexically_normal().string();
  lengths.column = reader.text("column");
  lengths.values = named_at(reader.source() + ": " + reader.pointer("path"),
                            [&] { return read_token_column(lengths.path, lengths.column); });
}
void show_empirical(const Workload::Lengths& lengths, Json& json) {
  json["path"] = lengths.path;
  json["column"] = lengths.column;
}
std::int64_t draw_empirical(const Workload::Lengths& lengths, Random& random) {
  const auto last = static_cast<std::int64_t>(lengths.values.size()) - 1;
  return lengths.values[static_cast<std::size_t>(random.integer(0, last))];
}

/// {"0": 3, "0.5": 1020, "1": 14050}: shares as text, so that a table reads like published percentiles.
void read_quantiles(ObjectReader& reader, Workload::Lengths& lengths, const std::string&) {
  ObjectReader table = reader.object("tokens_at");
  for (const std::string& key : table.keys()) {
    const auto share = parse_number(key);
    if (!share || !(*share >= 0.0 && *share <= 1.0))
      table.fail(key, "is no share of the lengths; write a number from 0 to 1");
    const std::int64_t least = lengths.quantiles.empty() ? 1 : lengths.quantiles.back().tokens;
    if (!lengths.quantiles.empty() && *share <= lengths.quantiles.back().share)
      table.fail(key, "shares must grow from row to row; sort them");
    lengths.quantiles.push_back({*share, table.integer(key, {least, kMaxTokens})});
  }
  if (lengths.quantiles.size() < 2 || lengths.quantiles.front().share != 0.0 ||
      lengths.quantiles.back().share != 1.0)
    reader.fail("tokens_at", "lacks an end; give the tokens at \"0\", at \"1\" and any shares between");
  table.finish();
}
void show_quantiles(const Workload::Lengths& lengths, Json& json) {
  Json table = Json::object();
  for (const auto& [share, tokens] : lengths.quantiles) table[number_text(share)] = tokens;
  json["tokens_at"] = table;
}
std::int64_t draw_quantiles(const Workload::Lengths& lengths, Random& random) {
  const double share = random.uniform();
  const auto above =
      std::upper_bound(lengths.quantiles.begin() + 1, lengths.quantiles.end() - 1, share,
                       [](double wanted, const Workload::Lengths::Quantile& q) { return wanted < q.share; });
  const Workload::Lengths::Quantile& low = above[-1];
  const double part = (share - low.share) / (above->share - low.share);
  return std::llround(static_cast<double>(low.tokens) +
                      part * static_cast<double>(above->tokens - low.tokens));
}

constexpr std::array<LengthDistribution, 5> kDistributions = {{
    {"fixed", "`value` tokens", read_fixed, show_fixed, draw_fixed},
    {"uniform", "whole numbers from `min` to `max`, ends included", read_uniform, show_uniform, draw_uniform},
    {"lognormal", "`mean` and coefficient of variation `cv` before clipping to [1, `max`]", read_lognormal,
     show_lognormal, draw_lognormal},
    {"quantiles", "`tokens_at` shares, {\"0\": 3, \"0.5\": 1020, \"1\": 14050}, and linear between them",
     read_quantiles, show_quantiles, draw_quantiles},
    {"empirical", "drawn with replacement from `column` of the CSV file `path`", read_empirical,
     show_empirical, draw_empirical},
}};

}  // namespace

std::span<const LengthDistribution> length_menu() { return kDistributions; }

std::span<const WorkloadRow> length_distributions() {
  static const std::vector<WorkloadRow> rows = [] {
    std::vector<WorkloadRow> result;
    for (const LengthDistribution& row : kDistributions) result.push_back({row.name, row.description});
    return result;
  }();
  return rows;
}

Workload::Lengths read_lengths(ObjectReader reader, const std::string& base_folder) {
  Workload::Lengths lengths;
  lengths.distribution = reader.choice("distribution", names(length_menu()));
  choose(length_menu(), lengths.distribution, reader.pointer("distribution"))
      .read(reader, lengths, base_folder);
  lengths.scale = reader.optional_number("scale", 1.0, kLengthScales);
  reader.finish();
  return lengths;
}

Workload::Lengths read_scale(ObjectReader reader) {
  Workload::Lengths lengths;
  if (reader.has("distribution"))
    reader.fail("distribution", "a trace brings its own lengths; remove this key or \"trace\"");
  lengths.scale = reader.optional_number("scale", 1.0, kLengthScales);
  reader.finish();
  return lengths;
}

Json to_json(const Workload::Lengths& lengths) {
  Json json = Json::object();
  if (!lengths.distribution.empty()) {
    json["distribution"] = lengths.distribution;
    choose(length_menu(), lengths.distribution, "/workload").show(lengths, json);
  }
  if (lengths.scale != 1.0) json["scale"] = lengths.scale;
  return json;
}

std::int64_t scaled(std::int64_t tokens, double scale) {
  if (scale == 1.0) return tokens;
  const double wanted = std::round(static_cast<double>(tokens) * scale);
  return static_cast<std::int64_t>(std::clamp(wanted, 1.0, static_cast<double>(kMaxTokens)));
}

std::int64_t longest(const Workload::Lengths& lengths) {
  std::int64_t most = std::max(lengths.max, static_cast<std::int64_t>(lengths.value));
  for (const std::int64_t value : lengths.values) most = std::max(most, value);
  for (const Workload::Lengths::Quantile& quantile : lengths.quantiles)
    most = std::max(most, quantile.tokens);
  return most == kMaxTokens ? most : scaled(most, lengths.scale);
}

double clipped_mean(const Workload::Lengths& lognormal) {
  const double variance = std::log1p(lognormal.cv * lognormal.cv);  // of the logarithm
  const double max = static_cast<double>(lognormal.max);
  if (variance == 0.0) return std::min(lognormal.mean, max);
  const double z = (std::log(max / lognormal.mean) + variance / 2.0) / std::sqrt(variance);
  const auto normal = [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2.0; };
  return lognormal.mean * normal(z - std::sqrt(variance)) + max * normal(-z);
}

std::function<std::int64_t()> start_lengths(const Workload::Lengths& lengths, std::uint64_t seed,
                                            std::string_view stream) {
  const auto draw = choose(length_menu(), lengths.distribution, "/workload").draw;
  return [lengths, draw, random = Random(seed, stream)]() mutable {
    return scaled(draw(lengths, random), lengths.scale);
  };
}

}  // namespace switchyard
