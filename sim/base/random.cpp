// The generator and our own distributions.
#include "sim/base/random.hpp"

#include <cmath>

#include "sim/base/ensure.hpp"
#include "sim/base/hash.hpp"

namespace switchyard {
namespace {

/// One step of splitmix64.
std::uint64_t splitmix64(std::uint64_t& state) { return mixed(state += 0x9e3779b97f4a7c15); }

std::uint64_t stream_key(std::uint64_t seed, std::string_view stream) {
  return splitmix64(seed) ^ fnv1a(stream);
}

/// Four steps of splitmix64 are four different words, so the state is never all zero.
std::array<std::uint64_t, 4> spread(std::uint64_t key) {
  std::array<std::uint64_t, 4> state;
  for (std::uint64_t& word : state) word = splitmix64(key);
  return state;
}

std::uint64_t rotate_left(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

}  // namespace

Random::Random(std::uint64_t seed, std::string_view stream) : state_(spread(stream_key(seed, stream))) {}

Random::Random(std::uint64_t seed, std::string_view stream, std::uint64_t index) {
  std::uint64_t key = stream_key(seed, stream);
  state_ = spread(splitmix64(key) ^ splitmix64(index));
}

// Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018: xoshiro256**.
std::uint64_t Random::bits() {
  const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

std::int64_t Random::integer(std::int64_t min, std::int64_t max) {
  ensure(min <= max, "a random integer is drawn from a range that is not empty");
  const std::uint64_t count = static_cast<std::uint64_t>(max) - static_cast<std::uint64_t>(min) + 1;
  if (count == 0) return static_cast<std::int64_t>(bits());  // all 2^64 of them
  const std::uint64_t uneven = (0 - count) % count;  // 2^64 mod count draws would favour small numbers
  std::uint64_t draw = bits();
  while (draw < uneven) draw = bits();
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(min) + draw % count);
}

double Random::normal() {
  for (;;) {
    const double x = 2.0 * uniform() - 1.0;
    const double y = 2.0 * uniform() - 1.0;
    const double square = x * x + y * y;
    if (square > 0.0 && square < 1.0) return x * std::sqrt(-2.0 * std::log(square) / square);
  }
}

double Random::exponential(double mean) { return -mean * std::log1p(-uniform()); }

double Random::lognormal(double mean, double cv) {
  const double variance = std::log1p(cv * cv);  // of the logarithm
  return mean * std::exp(std::sqrt(variance) * normal() - variance / 2.0);
}

double Random::gamma(double shape, double scale) {
  ensure(shape > 0.0, "a gamma distribution has a positive shape");
  if (shape < 1.0) {
    const double larger = gamma(shape + 1.0, scale);
    return larger * std::pow(1.0 - uniform(), 1.0 / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double cube = root * root * root;
    if (std::log(1.0 - uniform()) < 0.5 * x * x + d - d * cube + d * std::log(cube)) return d * cube * scale;
  }
}

}  // namespace switchyard
