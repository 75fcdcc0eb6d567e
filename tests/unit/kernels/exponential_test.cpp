// The exponential that all gates share.
#include "kernels/exponential.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "kernels/gate_arithmetic.hpp"

using namespace switchyard;

TEST_CASE("exp_fp32 is within 2^-22 of e^x over the range of fp32") {
  double worst = 0.0;
  for (float x = -87.0f; x < 88.0f; x += 0.00137f) {
    worst = std::max(worst, std::abs(exp_fp32(x) / std::exp(static_cast<double>(x)) - 1.0));
  }
  CHECK(worst < std::exp2(-22));
  CHECK(exp_fp32(0.0f) == 1.0f);
  CHECK(exp_fp32(-1e30f) == exp_fp32(-87.0f));
  CHECK(exp_fp32(1e30f) == exp_fp32(88.0f));
}

TEST_CASE("Vector exponentials and sigmoids are the scalar ones to the bit, tails included") {
  std::vector<float> logits;
  for (float x = -100.0f; x < 100.0f; x += 0.0137f) logits.push_back(x);
  for (const std::size_t size : {logits.size(), std::size_t{1}, std::size_t{7}, std::size_t{19}}) {
    const std::span<const float> in(logits.data(), size);
    std::vector<float> scalar(size), vector(size);
    scalar_arithmetic().exponentials(in, 1.5f, scalar);
    vector_arithmetic().exponentials(in, 1.5f, vector);
    CHECK(scalar == vector);
    scalar_arithmetic().sigmoids(in, scalar);
    vector_arithmetic().sigmoids(in, vector);
    CHECK(scalar == vector);
  }
}
