// The thread blocks of a split decode-attention kernel, of which a GPU runs only so many at a time.
#pragma once

#include <cstdint>
#include <span>

#include "sim/base/units.hpp"

namespace switchyard {

/// Each sequence's cache is cut into `parts` of whole tiles for every KV head, a block each. Blocks begin
/// part by part, of a part head by head, of a head in the order of the sequences, as soon as others end.
struct CacheBlocks {
  std::int64_t kv_heads = 1;
  std::int64_t parts = 1;
  std::int64_t at_once = 1;  // that the GPU runs
};

/// How fast blocks read: one by itself takes `token_time` for each cached token of a KV head, all together
/// read `rate` of them a second, which those at work share evenly.
struct CacheReading {
  Seconds token_time;
  double rate = 1.0;
};

/// From the first block's begin to the last one's end. Contexts above 0; sequences are in batch order.
Seconds reading_time(std::span<const std::int64_t> contexts, const CacheBlocks& blocks,
                     const CacheReading& reading);

}  // namespace switchyard
