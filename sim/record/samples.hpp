// Weighted samples of a latency and the statistics taken of them. A sample of weight w counts as w equal
// samples.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/units.hpp"

namespace switchyard {

/// All times are zero when there are no samples.
struct Distribution {
  std::uint64_t samples = 0;
  Seconds mean, median, standard_deviation, p90, p99;
};

/// Collect with add(), then sort() once before asking.
class Samples {
 public:
  void add(Seconds value, std::uint64_t weight = 1);
  void sort();

  std::uint64_t count() const { return count_; }  // weights together

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
  Seconds order_statistic(std::uint64_t rank) const;

  std::vector<Sample> samples_;
  std::uint64_t count_ = 0;
};

}  // namespace switchyard
