// Named random streams: Random(seed, "arrivals") and Random(seed, "lengths") never disturb each other, and
// give the same numbers with every compiler and C++ library (the distributions are our own: the standard ones
// differ). Only log, log1p, exp and pow come from the C library, so all but bits(), uniform() and integer()
// may differ in the last digit elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace switchyard {

/// xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64 from the seed and an FNV-1a hash of the
/// stream's name.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view stream);
  /// An independent stream per index, e.g. one a request: cheap, order-free.
  Random(std::uint64_t seed, std::string_view stream, std::uint64_t index);

  std::uint64_t bits();                                      // 64 uniform bits
  double uniform();                                          // [0, 1), 53 bits
  std::int64_t integer(std::int64_t min, std::int64_t max);  // both ends included, unbiased
  double normal();                                           // N(0, 1), Box-Muller
  double exponential(double mean);                           // by inversion
  double lognormal(double mean, double cv);  // of the distribution itself, not of its logarithm
  double gamma(double shape, double scale);  // Marsaglia and Tsang 2000

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace switchyard
