// How many ranks or nodes a token's experts stand on.
#pragma once

#include <cstdint>

namespace switchyard {

/// Expected number of distinct ones of `bins` equal bins that `chosen` distinct experts of `experts`, drawn
/// uniformly, fall into: bins (1 - C(experts - experts/bins, chosen) / C(experts, chosen)).
double distinct_bins(double bins, std::int64_t experts, std::int64_t chosen);

}  // namespace switchyard
