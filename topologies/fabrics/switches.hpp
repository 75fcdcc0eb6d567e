// What fabrics of leaves and spines have in common.
#pragma once

#include "topologies/fabrics/fabric.hpp"

namespace switchyard {

/// Reads "oversubscription", "hop_latency" and "routing": adaptive or ecmp.
void read_uplinks(ObjectReader& reader, Fabric& fabric);
void write_uplinks(Json& json, const Fabric& fabric);

/// Reads "routing" with the first of two ways as its default.
void read_routing(ObjectReader& reader, Fabric& fabric, const std::string& usual, const std::string& other);

/// A bandwidth above 0.
BytesPerSecond read_bandwidth(ObjectReader& reader, std::string_view key, BytesPerSecond fallback);

/// "hop_latency", at most 1 ms.
Seconds read_hop_latency(ObjectReader& reader, Seconds fallback);

inline std::int64_t quotient_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Switches above a switch with so much bandwidth upwards. Adaptive routing spreads packets over all uplinks,
/// as one of their summed bandwidth. A hash per flow meets single uplinks, each no faster than a NIC's port.
std::int64_t switches_above(const Fabric& fabric, BytesPerSecond uplinks);

}  // namespace switchyard
