// Peak and bandwidth of one core.
#include <benchmark/benchmark.h>
#include <ctime>

#include <algorithm>
#include <numeric>

#include "kernels/machine_limits.hpp"
#include "kernels/one_dnn.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kEdge = 1024;  // of the large product: 2.1 GFLOP, 12 MiB in fp32

/// Reads each cache line of the buffer with as many sums as hide the additions.
float sum(std::span<const float> values) {
  float sums[64] = {};
  for (std::size_t i = 0; i + 64 <= values.size(); i += 64) {
    for (std::size_t lane = 0; lane < 64; ++lane) sums[lane] += values[i + lane];
  }
  return std::accumulate(std::begin(sums), std::end(sums), 0.0f);
}

OneDnnProduct& large_product(ScoreFormat format) {
  static const std::vector<float> ones(kEdge * kEdge, 1.0f);
  static OneDnnProduct fp32(ScoreFormat::fp32, kEdge, kEdge, kEdge, ones);
  static OneDnnProduct bf16(ScoreFormat::bf16, kEdge, kEdge, kEdge, ones);
  return format == ScoreFormat::bf16 ? bf16 : fp32;
}

}  // namespace

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

MachineLimits::MachineLimits(ScoreFormat format, std::size_t bytes)
    : format_(format), buffer_(bytes / sizeof(float), 1.0f) {}

void MachineLimits::measure() {
  double start = thread_seconds();
  large_product(format_).repeat();
  flops_per_second_.push_back(2.0 * kEdge * kEdge * kEdge / (thread_seconds() - start));
  start = thread_seconds();
  benchmark::DoNotOptimize(sum(buffer_));
  bytes_per_second_.push_back(static_cast<double>(buffer_.size() * sizeof(float)) /
                              (thread_seconds() - start));
}

}  // namespace switchyard
