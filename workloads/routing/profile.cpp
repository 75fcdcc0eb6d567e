// Profiles: from JSON, over depth, and for gates of another size than the recorded one.
#include "workloads/routing/profile.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "workloads/routing/shuffle.hpp"

namespace switchyard {
namespace {

constexpr NumberRange kShare{0.0, 1.0};
constexpr NumberRange kCorrelation{-0.99, 0.99};
constexpr NumberRange kDeviations{-100.0, 100.0};
constexpr NumberRange kMeasured{0.0, 1e6};
constexpr std::size_t kMostKnots = 64;
constexpr std::size_t kMostExperts = 2048;
/// Depths are written with four digits; two layers of one model are never as near as this.
constexpr double kSameDepth = 1e-3;

/// Each read as a member, so that messages name its place.
std::vector<double> numbers(const Json& list, const std::string& source, const std::string& pointer,
                            NumberRange range) {
  std::vector<double> result;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json member = {{std::to_string(i), list[i]}};
    result.push_back(ObjectReader(member, source, pointer).number(std::to_string(i), range));
  }
  return result;
}

/// A list of `length` numbers.
std::vector<double> numbers(ObjectReader& reader, std::string_view key, std::size_t length,
                            NumberRange range) {
  const std::string wanted = "a list of " + std::to_string(length) + " numbers";
  const Json& list = reader.raw(key, wanted);
  if (!list.is_array()) reader.fail(key, nature(list) + "; give " + wanted);
  if (list.size() != length) {
    reader.fail(key, "has " + std::to_string(list.size()) + " values; give " + wanted);
  }
  return numbers(list, reader.source(), reader.pointer(key), range);
}

std::vector<double> measured(ObjectReader& reader, std::string_view key, std::size_t length) {
  return reader.has(key) ? numbers(reader, key, length, kMeasured) : std::vector<double>();
}

MeasuredRouting read_measured(ObjectReader reader, std::size_t domains) {
  MeasuredRouting result{measured(reader, "max_over_mean", domains),
                         measured(reader, "entropy_bits", domains),
                         measured(reader, "previous_token_overlap", domains),
                         measured(reader, "first_choice_repeat", domains),
                         measured(reader, "ep8_imbalance", domains),
                         measured(reader, "distinct_experts", kDecodeBatches.size())};
  reader.finish();
  return result;
}

/// One row a domain, each as long as the others.
std::vector<std::vector<double>> read_bias(ObjectReader& reader, std::size_t domains) {
  const std::string wanted = "a list of " + std::to_string(domains) + " lists, one a domain";
  const Json& rows = reader.raw("expert_bias", wanted);
  if (!rows.is_array() || rows.size() != domains) {
    reader.fail("expert_bias",
                (rows.is_array() ? "has " + std::to_string(rows.size()) + " rows" : nature(rows)) +
                    "; give " + wanted);
  }
  std::vector<std::vector<double>> result;
  for (std::size_t i = 0; i < domains; ++i) {
    const std::string place = reader.pointer("expert_bias") + "/" + std::to_string(i);
    if (!rows[i].is_array() || rows[i].empty() || rows[i].size() > kMostExperts ||
        rows[i].size() != rows[0].size()) {
      throw InputError(reader.source() + ": " + place,
                       "is no list of numbers, one an expert; give each domain the same number, 1 to 2048");
    }
    result.push_back(numbers(rows[i], reader.source(), place, kDeviations));
  }
  return result;
}

ExpertProfile read_profile(ObjectReader reader, std::size_t domains) {
  ExpertProfile profile;
  profile.depth = reader.number("depth", kShare);
  profile.neighbour_correlation = numbers(reader, "neighbour_correlation", domains, kCorrelation);
  profile.expert_bias = read_bias(reader, domains);
  profile.measured = read_measured(reader.optional_object("measured"), domains);
  reader.finish();
  return profile;
}

/// The first profile at a depth or below it, or the end.
std::vector<ExpertProfile>::const_iterator below(const RoutingPreset& preset, double depth) {
  return std::lower_bound(preset.profiles.begin(), preset.profiles.end(), depth,
                          [](const ExpertProfile& profile, double place) { return profile.depth < place; });
}

const ExpertProfile& nearest(const RoutingPreset& preset, double depth) {
  const auto next = below(preset, depth);
  if (next == preset.profiles.begin()) return *next;
  const auto last = std::prev(next);
  return next == preset.profiles.end() || depth - last->depth <= next->depth - depth ? *last : *next;
}

/// By ascending popularity, the mean of its biases; equals by index.
std::vector<std::size_t> by_popularity(const ExpertProfile& profile) {
  std::vector<double> popularity(profile.expert_bias[0].size());
  for (const std::vector<double>& domain : profile.expert_bias) {
    for (std::size_t e = 0; e < domain.size(); ++e) popularity[e] += domain[e];
  }
  std::vector<std::size_t> order(popularity.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return popularity[a] < popularity[b]; });
  return order;
}

}  // namespace

double OverDepth::at(double depth) const {
  const double place = depth * static_cast<double>(values.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(place), values.size() - 1);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}

bool OverDepth::absent() const {
  return std::all_of(values.begin(), values.end(), [](double value) { return value == 0.0; });
}

double relative_depth(std::int64_t layer, std::int64_t layers) {
  return layers > 1 ? static_cast<double>(layer) / static_cast<double>(layers - 1) : 0.0;
}

double RoutingPreset::neighbour_correlation(double depth, std::int64_t domain) const {
  if (profiles.empty()) return 0.0;
  const auto at = [&](const ExpertProfile& profile) {
    return profile.neighbour_correlation[static_cast<std::size_t>(domain)];
  };
  const auto next = below(*this, depth);
  if (next == profiles.begin()) return at(*next);
  const auto last = std::prev(next);
  if (next == profiles.end()) return at(*last);
  const double way = (depth - last->depth) / (next->depth - last->depth);
  return at(*last) + way * (at(*next) - at(*last));
}

OverDepth read_share(ObjectReader& preset, std::string_view key) {
  const Json* value = preset.optional_raw(key);
  if (value == nullptr || !value->is_array()) return preset.optional_number(key, 0.0, kShare);
  if (value->empty() || value->size() > kMostKnots) {
    preset.fail(key, "has " + std::to_string(value->size()) + " values; give 1 to 64 over depth");
  }
  return OverDepth(numbers(*value, preset.source(), preset.pointer(key), kShare));
}

std::vector<ExpertProfile> read_profiles(ObjectReader& preset, std::int64_t domains) {
  std::vector<ExpertProfile> profiles;
  const Json* list = preset.optional_raw("profiles");
  if (list == nullptr) return profiles;
  if (!list->is_array()) preset.fail("profiles", nature(*list) + "; give a list of objects, one a layer");
  for (const Json& item : *list) {
    const std::string place = preset.pointer("profiles") + "/" + std::to_string(profiles.size());
    profiles.push_back(
        read_profile(ObjectReader(item, preset.source(), place), static_cast<std::size_t>(domains)));
    if (profiles.size() == 1) continue;
    const ExpertProfile& last = profiles[profiles.size() - 2];
    if (profiles.back().depth <= last.depth + kSameDepth) {
      throw InputError(preset.source() + ": " + place + "/depth",
                       "is not below the profile before it; give depths in ascending order");
    }
    if (profiles.back().expert_bias[0].size() != last.expert_bias[0].size()) {
      throw InputError(preset.source() + ": " + place + "/expert_bias",
                       "has another number of experts than the profile before it; give all the same");
    }
  }
  return profiles;
}

ExpertOrigins origins_of(const RoutingPreset& preset, double depth, std::int64_t experts, Random& random) {
  const ExpertProfile& profile = nearest(preset, depth);
  const std::vector<std::size_t> order = by_popularity(profile);
  ExpertOrigins origins{&profile, std::vector<std::size_t>(static_cast<std::size_t>(experts))};
  if (std::abs(profile.depth - depth) < kSameDepth && origins.experts.size() == order.size()) {
    std::iota(origins.experts.begin(), origins.experts.end(), std::size_t{0});
    return origins;
  }
  const std::vector<std::int64_t> places = shuffled(experts, random);
  for (std::size_t i = 0; i < origins.experts.size(); ++i) {
    origins.experts[static_cast<std::size_t>(places[i])] =
        order[(2 * i + 1) * order.size() / (2 * origins.experts.size())];
  }
  return origins;
}

}  // namespace switchyard
