// e^x in fp32 as a fixed sequence of additions and fused multiply-adds, so that scalar and vector code, and
// every machine, agree to the bit (libm's expf may differ between versions). Relative error below 2^-22.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace switchyard {

/// Constants of the reduction x = n ln 2 + r, |r| <= ln 2 / 2, and of the Taylor series of e^r: its remainder
/// r^8 / 8! is below 6e-9 there.
struct ExpConstants {
  static constexpr float kLowest = -87.0f;  // e^x stays a normal number
  static constexpr float kHighest = 88.0f;
  static constexpr float kLog2E = 1.44269504f;
  static constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  static constexpr float kLn2High = 0.693359375f;
  static constexpr float kLn2Low = -2.12194440e-4f;
  static constexpr float kTaylor[8] = {1.0f,      1.0f,       1.0f / 2,   1.0f / 6,
                                       1.0f / 24, 1.0f / 120, 1.0f / 720, 1.0f / 5040};
};

/// e^x for finite x, clamped to [e^-87, e^88].
inline float exp_fp32(float x) {
  using C = ExpConstants;
  x = std::min(std::max(x, C::kLowest), C::kHighest);
  const float n = std::fma(x, C::kLog2E, C::kRound) - C::kRound;
  float r = std::fma(-n, C::kLn2High, x);
  r = std::fma(-n, C::kLn2Low, r);
  float sum = C::kTaylor[7];
  for (int i = 6; i >= 0; --i) sum = std::fma(sum, r, C::kTaylor[i]);
  const auto power = static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23;
  return sum * std::bit_cast<float>(power);
}

}  // namespace switchyard
