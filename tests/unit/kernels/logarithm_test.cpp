// Our logarithms against the library's in double precision.
#include "kernels/logarithm.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace switchyard;

TEST_CASE("log1p_fp32 is within 2^-21 of the logarithm on 0 to 1") {
  CHECK(log1p_fp32(0.0f) == 0.0f);
  for (int i = 1; i <= 4096; ++i) {
    const float u = static_cast<float>(i) * 0x1p-12f;
    CHECK(static_cast<double>(log1p_fp32(u)) ==
          Approx(std::log1p(static_cast<double>(u))).epsilon(0x1p-21).margin(0));
  }
  CHECK(log1p_fp32(1e-30f) == Approx(1e-30));
}

TEST_CASE("log_fp32 is within 2^-21 of the logarithm away from 1, and absolutely near it") {
  for (float x = 1e-30f; x < 1e30f; x *= 1.37f) {
    CHECK(static_cast<double>(log_fp32(x)) ==
          Approx(std::log(static_cast<double>(x))).epsilon(0x1p-21).margin(1e-7));
  }
}

TEST_CASE("softplus_fp32 is within 2^-20 from where e^x is tiny to where it is huge") {
  for (float x = -80.0f; x < 3000.0f; x += 0.61f) {
    const double exact =
        static_cast<double>(std::max(x, 0.0f)) + std::log1p(std::exp(-std::fabs(static_cast<double>(x))));
    CHECK(static_cast<double>(softplus_fp32(x)) == Approx(exact).epsilon(0x1p-20).margin(0));
  }
}
