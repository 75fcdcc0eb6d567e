// Draws without replacement.
#include "sim/collectives/distinct.hpp"

#include <algorithm>

namespace switchyard {

double distinct_bins(double bins, std::int64_t experts, std::int64_t chosen) {
  const double all = static_cast<double>(experts);
  const double elsewhere = all - all / bins;
  double missed = 1.0;  // that none of the chosen is in a given bin
  for (std::int64_t i = 0; i < std::min(chosen, experts); ++i) {
    const double drawn = static_cast<double>(i);
    missed *= std::max(0.0, elsewhere - drawn) / (all - drawn);
  }
  return bins * (1.0 - missed);
}

}  // namespace switchyard
