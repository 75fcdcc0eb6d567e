// What one core of this machine can do at best, measured between the benchmarks' own iterations: large
// products by oneDNN, and reading memory.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/gate_shape.hpp"

namespace switchyard {

/// Seconds that the calling thread has computed. Not those in which the machine ran something else.
double thread_seconds();

/// The middle one; values is not empty.
double median(std::vector<double> values);

class MachineLimits {
 public:
  /// Reads buffers of `bytes`, as large as what a benchmark reads.
  MachineLimits(ScoreFormat format, std::size_t bytes);
  /// Measures each limit once more.
  void measure();
  /// Medians of what was measured.
  double flops_per_second() const { return median(flops_per_second_); }
  double bytes_per_second() const { return median(bytes_per_second_); }

 private:
  ScoreFormat format_;
  std::vector<float> buffer_;
  std::vector<double> flops_per_second_;
  std::vector<double> bytes_per_second_;
};

}  // namespace switchyard
