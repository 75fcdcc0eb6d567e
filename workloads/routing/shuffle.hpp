// A random order of the numbers from 0 to count - 1.
#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "sim/base/random.hpp"

namespace switchyard {

/// Fisher and Yates.
inline std::vector<std::int64_t> shuffled(std::int64_t count, Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = count - 1; i > 0; --i) std::swap(order[i], order[random.integer(0, i)]);
  return order;
}

}  // namespace switchyard
