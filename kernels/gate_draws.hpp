// The random draws of expert routers: each is a function of (seed, token, expert), so a result depends
// neither on the order in which tokens are routed nor on threads. SplitMix64 (Steele, Lea, Flood 2014, "Fast
// splittable pseudorandom number generators") mixes the three numbers and goes on from there.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/logarithm.hpp"

namespace switchyard {

class GateDraws {
 public:
  GateDraws(std::uint64_t seed, std::uint64_t token, std::uint64_t expert)
      : state_(mix(mix(mix(seed) + token) + expert)) {}

  /// Uniform in [0, 1), a multiple of 2^-24.
  float uniform() { return static_cast<float>(next() >> 40) * 0x1p-24f; }

  /// Uniform in 0…count - 1 (to within count / 2^32), count in 1…2^32.
  std::uint32_t below(std::uint64_t count) {
    return static_cast<std::uint32_t>(((next() >> 32) * count) >> 32);
  }

  /// N(0, 1), by Marsaglia's polar method: only a square root and our own logarithm.
  float normal() {
    for (;;) {
      const float x = 2.0f * uniform() - 1.0f;
      const float y = 2.0f * uniform() - 1.0f;
      const float square = std::fma(x, x, y * y);
      if (square > 0.0f && square < 1.0f) return x * std::sqrt(-2.0f * log_fp32(square) / square);
    }
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    return mix(state_);
  }

  std::uint64_t state_;
};

}  // namespace switchyard
