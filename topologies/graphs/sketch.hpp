// A free graph as a file gives it: devices and links by name, not checked yet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topologies/blueprint.hpp"

namespace switchyard {

inline constexpr std::size_t kMostDevices = 20'000;
inline constexpr std::size_t kMostLinks = 50'000;
inline constexpr IntegerRange kLengths{1, 100};  // of Way
inline constexpr IntegerRange kTurns{0, 255};

struct Sketch {
  struct Device {
    std::string name;
    DeviceKind kind = DeviceKind::gpu;
    std::string node;   // any text; empty: none
    std::string place;  // in the file, for messages
  };
  enum class Ways { one, both };
  struct Link {
    std::string from, to;
    BytesPerSecond bandwidth;  // of each direction
    Seconds latency;
    std::optional<LinkKind> kind;  // none: told by its ends
    std::string name;              // empty: of its ends
    Way way;
    Ways ways = Ways::both;
    std::string place;
  };
  std::vector<Device> devices;
  std::vector<Link> links;
};

/// The kinds by name. Throw std::invalid_argument with the choices.
DeviceKind device_kind(const std::string& name);
LinkKind link_kind(const std::string& name);

/// GPUs first, node by node: nodes in the order of their first GPUs, GPUs in that of the file; without any
/// node named, all GPUs are of one. A link without a kind is `nvlink` between GPUs and NVSwitches, `pcie` at
/// slots, PCIe switches, host bridges, and between a GPU and a NIC, `socket` between host bridges, `uplink`
/// between switches, else `nic`. Throws InputError at the device or link: an unknown or a second name, nodes
/// of unlike sizes, a bandwidth that is none, more than the most of anything.
Blueprint blueprint_of(const Sketch& sketch, const std::string& source);

}  // namespace switchyard
