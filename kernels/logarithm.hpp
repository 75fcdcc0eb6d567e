// Logarithms in fp32 as a fixed sequence of additions, divisions and fused multiply-adds, as exponential.hpp
// has e^x: the same bits on every machine, where libm's may differ between versions. Relative error below
// 2^-21.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/exponential.hpp"

namespace switchyard {

/// ln(1 + u) for 0 <= u <= 1, as 2 artanh(z), z = u / (2 + u) <= 1/3: the series' remainder is below
/// z^16 / 17 < 2e-9 of its value.
inline float log1p_fp32(float u) {
  constexpr float kSeries[] = {1.0f, 1.0f / 3, 1.0f / 5, 1.0f / 7, 1.0f / 9, 1.0f / 11, 1.0f / 13, 1.0f / 15};
  const float z = u / (2.0f + u);
  const float square = z * z;
  float sum = kSeries[7];
  for (int i = 6; i >= 0; --i) sum = std::fma(sum, square, kSeries[i]);
  return 2.0f * z * sum;
}

/// ln x for normal x > 0.
inline float log_fp32(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto exponent = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 127);
  const float mantissa = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f800000u);  // 1…2
  const float rest = std::fma(exponent, ExpConstants::kLn2Low, log1p_fp32(mantissa - 1.0f));
  return std::fma(exponent, ExpConstants::kLn2High, rest);
}

/// ln(1 + e^x) for finite x.
inline float softplus_fp32(float x) { return std::max(x, 0.0f) + log1p_fp32(exp_fp32(-std::fabs(x))); }

}  // namespace switchyard
