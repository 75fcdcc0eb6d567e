// The expert profiles of a routing preset: reading them, and fitting them to gates of another size.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/random.hpp"
#include "workloads/routing/preset.hpp"

namespace switchyard {

/// The list under "profiles" of a preset with so many domains; empty when absent. Throws InputError on depths
/// out of order, and on lists whose length is not that of the domains or of the first profile's experts.
std::vector<ExpertProfile> read_profiles(ObjectReader& preset, std::int64_t domains);

/// A share of variance: a number, or a list of up to 64 numbers over depth; 0 when absent.
OverDepth read_share(ObjectReader& preset, std::string_view key);

/// The profile nearest in depth (of two, the shallower), and which of its experts stands for each expert of a
/// gate: itself, or where depth or number differ one drawn as RoutingPreset says. Needs a profile.
struct ExpertOrigins {
  const ExpertProfile* profile;
  std::vector<std::size_t> experts;  // [experts of the gate]
};
ExpertOrigins origins_of(const RoutingPreset& preset, double depth, std::int64_t experts, Random& random);

}  // namespace switchyard
