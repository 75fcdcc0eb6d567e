// The parts that a step's time is made of; they sum to it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "sim/base/units.hpp"

namespace switchyard {

enum class Part { attention, dense_gemm, expert, gate, communication, elementwise, head, host };
inline constexpr std::array<std::string_view, 8> kPartNames = {
    "attention", "dense_gemm", "expert", "gate", "communication", "elementwise", "head", "host"};
constexpr std::string_view name_of(Part part) { return kPartNames[static_cast<std::size_t>(part)]; }

struct Breakdown {
  std::array<Seconds, kPartNames.size()> parts{};

  Seconds& operator[](Part part) { return parts[static_cast<std::size_t>(part)]; }
  Seconds operator[](Part part) const { return parts[static_cast<std::size_t>(part)]; }
  Breakdown& operator+=(const Breakdown& other) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] += other.parts[i];
    return *this;
  }
  Seconds total() const {
    Seconds sum;
    for (Seconds part : parts) sum += part;
    return sum;
  }
};

}  // namespace switchyard
