// Blocks at work read at one pace, so each ends when the pace has come to a whole number of tokens.
#include "sim/plan/cache_blocks.hpp"

#include <algorithm>
#include <vector>

namespace switchyard {
namespace {

constexpr std::int64_t kTile = 64;  // tokens that a block reads at a time: parts are whole tiles

/// Of the block's part; 0 where the parts before it hold the whole cache.
std::int64_t tokens_of(std::int64_t context, std::int64_t part, std::int64_t parts) {
  const std::int64_t share = (context + parts - 1) / parts;
  const std::int64_t stretch = (share + kTile - 1) / kTile * kTile;
  return std::clamp<std::int64_t>(context - part * stretch, 0, stretch);
}

/// Blocks at work by when they end.
class AtWork {
 public:
  void begin(std::int64_t tokens) {
    const auto end = static_cast<std::size_t>(read_ + tokens);
    if (end >= ending_.size()) ending_.resize(2 * end + 1);
    ++ending_[end];
    ++count_;
  }
  /// Until the next one or more end; how many tokens each has read meanwhile.
  std::int64_t go_on() {
    const std::int64_t before = read_;
    do ++read_;
    while (ending_[static_cast<std::size_t>(read_)] == 0);
    count_ -= ending_[static_cast<std::size_t>(read_)];
    return read_ - before;
  }
  std::int64_t count() const { return count_; }

 private:
  std::vector<std::int64_t> ending_;  // by the tokens that a block has read which began first and goes on
  std::int64_t read_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace

Seconds reading_time(std::span<const std::int64_t> contexts, const CacheBlocks& blocks,
                     const CacheReading& reading) {
  const auto sequences = static_cast<std::int64_t>(contexts.size());
  const std::int64_t all = sequences * blocks.kv_heads * blocks.parts;
  AtWork at_work;
  Seconds time;
  for (std::int64_t next = 0; next < all || at_work.count() > 0;) {
    for (; next < all && at_work.count() < blocks.at_once; ++next) {
      const std::int64_t tokens = tokens_of(contexts[static_cast<std::size_t>(next % sequences)],
                                            next / (sequences * blocks.kv_heads), blocks.parts);
      if (tokens > 0) at_work.begin(tokens);
    }
    if (at_work.count() == 0) break;
    const Seconds shared(static_cast<double>(at_work.count()) / reading.rate);
    time += std::max(reading.token_time, shared) * static_cast<double>(at_work.go_on());
  }
  return time;
}

}  // namespace switchyard
