// Drawing experts that differ from those at hand.
#pragma once

#include <cstdint>
#include <span>

namespace switchyard {

/// The expert that is number `draw` (0-based) among those that are not in `taken`, which is in rising order.
inline std::uint16_t nth_other(std::span<const std::uint16_t> taken, std::uint32_t draw) {
  for (const std::uint16_t expert : taken) {
    if (draw < expert) break;
    ++draw;
  }
  return static_cast<std::uint16_t>(draw);
}

/// Puts that expert into the first `size` places of a row, which are in rising order and stay so.
inline void insert_other(std::span<std::uint16_t> row, std::size_t size, std::uint32_t draw) {
  const std::uint16_t expert = nth_other(row.first(size), draw);
  std::size_t place = size;
  for (; place > 0 && row[place - 1] > expert; --place) row[place] = row[place - 1];
  row[place] = expert;
}

}  // namespace switchyard
