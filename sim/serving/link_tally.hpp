// What the steps of a replica put on links. Steps are timed ahead, and some of those do not begin: the bytes
// of each are kept apart until it is known which do.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "sim/base/units.hpp"

namespace switchyard {

class LinkTally {
 public:
  explicit LinkTally(std::size_t links) : total_(links), with_begun_(links) {}

  /// The bytes of one more step, one a link, all 0 yet. Valid until the next call.
  std::span<Bytes> next_step() {
    if (steps_ == ahead_.size()) ahead_.emplace_back(total_.size());
    std::vector<Bytes>& step = ahead_[steps_++];
    std::fill(step.begin(), step.end(), Bytes());
    return step;
  }
  /// All steps so far begin.
  void settle() {
    for (std::size_t s = 0; s < steps_; ++s)
      for (std::size_t link = 0; link < total_.size(); ++link) with_begun_[link] += ahead_[s][link];
    settled_ += steps_;
    steps_ = 0;
  }
  /// Of the steps since the last commit only the first ones begin, at least those that are settled.
  void keep(std::size_t steps) { steps_ = std::min(steps_, steps - settled_); }
  /// Adds up what has begun.
  void commit() {
    settle();
    total_ = with_begun_;
    settled_ = 0;
  }
  /// Leaves out the steps since the last commit.
  void forget() {
    with_begun_ = total_;
    settled_ = steps_ = 0;
  }
  std::span<const Bytes> total() const { return total_; }

 private:
  std::vector<Bytes> total_;
  std::vector<Bytes> with_begun_;          // and the settled steps since the last commit
  std::vector<std::vector<Bytes>> ahead_;  // the first `steps_` are of steps timed ahead
  std::size_t steps_ = 0;
  std::size_t settled_ = 0;  // steps
};

}  // namespace switchyard
