// The paged KV cache of one attention data-parallel rank: a count of blocks. Used + free = total, always.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/base/ensure.hpp"

namespace switchyard {

class KvPool {
 public:
  KvPool(std::int64_t blocks, std::int64_t block_size) : total_(blocks), block_size_(block_size) {}

  std::int64_t total() const { return total_; }
  std::int64_t used() const { return used_; }
  std::int64_t free() const { return total_ - used_; }
  std::int64_t blocks_for(std::int64_t tokens) const { return (tokens + block_size_ - 1) / block_size_; }
  /// Blocks that the holder of `held` needs besides for `tokens`.
  std::int64_t lacking(std::int64_t held, std::int64_t tokens) const {
    return std::max<std::int64_t>(0, blocks_for(tokens) - held);
  }

  void take(std::int64_t blocks) {
    used_ += blocks;
    ensure(blocks >= 0 && used_ <= total_, "KV blocks used + free = total");
  }
  void give_back(std::int64_t blocks) {
    used_ -= blocks;
    ensure(blocks >= 0 && used_ >= 0, "KV blocks used + free = total");
  }

 private:
  std::int64_t total_ = 0;
  std::int64_t used_ = 0;
  std::int64_t block_size_ = 16;
};

}  // namespace switchyard
