// Uplinks and their routing.
#include "topologies/fabrics/switches.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace switchyard {
namespace {

constexpr NumberRange kOversubscription{1.0, 64.0, NumberRange::Ends::closed};
constexpr Seconds kLongestHop{1e-3};
// Zhao et al., "Insights into DeepSeek-V3", ISCA 2025: over InfiniBand of 400 Gb/s 64 B take 2.8 us under one
// leaf and 3.7 us across leaves, which is two switches more.
constexpr Seconds kHopLatency{450e-9};

}  // namespace

void read_uplinks(ObjectReader& reader, Fabric& fabric) {
  fabric.oversubscription =
      reader.optional_number("oversubscription", fabric.oversubscription, kOversubscription);
  fabric.hop_latency = read_hop_latency(reader, kHopLatency);
  read_routing(reader, fabric, "adaptive", "ecmp");
}

void write_uplinks(Json& json, const Fabric& fabric) {
  json["oversubscription"] = fabric.oversubscription;
  json["hop_latency"] = to_text(fabric.hop_latency);
  json["routing"] = fabric.routing;
}

void read_routing(ObjectReader& reader, Fabric& fabric, const std::string& usual, const std::string& other) {
  const std::array<std::string, 2> routings{usual, other};
  fabric.routing = reader.optional_choice("routing", usual, routings);
}

BytesPerSecond read_bandwidth(ObjectReader& reader, std::string_view key, BytesPerSecond fallback) {
  const auto rate = reader.optional_quantity(key, fallback);
  if (rate.value() <= 0.0) reader.fail(key, to_text(rate) + " is out of range; give more than 0");
  return rate;
}

Seconds read_hop_latency(ObjectReader& reader, Seconds fallback) {
  const auto latency = reader.optional_quantity("hop_latency", fallback);
  if (latency > kLongestHop)
    reader.fail("hop_latency", to_text(latency) + " is out of range; give a time from 0 to 1 ms");
  return latency;
}

std::int64_t switches_above(const Fabric& fabric, BytesPerSecond uplinks) {
  if (fabric.routing == "adaptive") return 1;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(uplinks / fabric.nic)));
}

}  // namespace switchyard
