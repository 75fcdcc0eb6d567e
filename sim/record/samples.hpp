// Weighted samples of a latency and the statistics taken of them. A sample of weight w counts as w equal
// samples. However many there are, memory is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/units.hpp"

namespace switchyard {

/// All times are zero when there are no samples.
struct Distribution {
  std::uint64_t samples = 0;
  Seconds mean, median, standard_deviation, p90, p99;
};

/// Collect with add(), then sort() once before asking. Exact up to `most` / 2 different values. Beyond that
/// values are rounded to as many binary digits as still fit: with the default to 16 or more of the mantissa
/// where latencies are within a factor of 65536, an error below 1 in 100 000. Weights are exact.
class Samples {
 public:
  static constexpr std::size_t kMost = 1 << 21;  // 32 MiB

  explicit Samples(std::size_t most = kMost) : most_(most) {}

  void add(Seconds value, std::uint64_t weight = 1);
  void sort();

  std::uint64_t count() const { return count_; }        // weights together
  std::size_t size() const { return samples_.size(); }  // different values, after sort()

  /// The q-quantile, 0 <= q <= 1, interpolated linearly between order statistics as numpy.percentile does by
  /// default (method 7 of Hyndman and Fan, 1996). Needs a sample.
  Seconds quantile(double q) const;
  /// The standard deviation is the population's, numpy.std's default.
  Distribution distribution() const;

 private:
  struct Sample {
    Seconds value;
    std::uint64_t weight;  // after sort(): of all samples up to this one, itself included
  };
  void compact();
  void merge_equal();
  Seconds rounded(Seconds value) const;
  Seconds order_statistic(std::uint64_t rank) const;

  std::size_t most_;
  std::vector<Sample> samples_;
  std::uint64_t count_ = 0;
  int digits_ = 52;  // of a value's mantissa that are kept
};

}  // namespace switchyard
