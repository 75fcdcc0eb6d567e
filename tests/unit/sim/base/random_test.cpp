// The generator against the published algorithms, the distributions against their moments.
#include "sim/base/random.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "sim/base/ensure.hpp"

using namespace switchyard;

namespace {

struct Moments {
  double mean;
  double variance;
};

template <class Draw>
Moments moments(Draw draw) {
  constexpr int kDraws = 200000;
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

std::array<std::uint64_t, 4> first_four(Random random) {
  return {random.bits(), random.bits(), random.bits(), random.bits()};
}

}  // namespace

// The words were computed by a program of its own in another language, itself checked against the published
// vectors of splitmix64 (seed 1234567), FNV-1a ("a") and xoshiro256** (state 1, 2, 3, 4).
TEST_CASE("The generator gives the numbers of the published algorithms") {
  using Words = std::array<std::uint64_t, 4>;
  CHECK(first_four(Random(1, "arrivals")) ==
        Words{0xd4bf44f4bea7da2b, 0x91ad422e2e984071, 0x7fdaddacbc7f46e7, 0xe7708ae83c4b10dd});
  CHECK(first_four(Random(0, "")) ==
        Words{0x1e28178eedbf0f30, 0x32dadb1a9e4a4d08, 0x4ef49088479a6d5c, 0x03b90a6cd230303e});
  CHECK(first_four(Random(1, "lengths", 5)) ==
        Words{0x71789a491e46bb68, 0xf7f08df3143657bb, 0xba8b431d0669917b, 0x433413e3772b2757});
}

TEST_CASE("Streams of different seeds, names and indices differ") {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const char* stream : {"arrivals", "lengths", "gates"}) {
      first.insert(Random(seed, stream).bits());
      for (std::uint64_t index = 0; index < 10; ++index) first.insert(Random(seed, stream, index).bits());
    }
  }
  CHECK(first.size() == std::size_t{10} * 3 * 11);
}

TEST_CASE("Uniform numbers lie in [0, 1) with the moments of the distribution") {
  Random random(7, "uniform");
  const Moments m = moments([&] {
    const double x = random.uniform();
    REQUIRE((x >= 0.0 && x < 1.0));
    return x;
  });
  CHECK(m.mean == Approx(0.5).margin(0.003));
  CHECK(m.variance == Approx(1.0 / 12.0).epsilon(0.02));
}

TEST_CASE("Integers cover both ends equally often") {
  Random random(7, "integers");
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) ++counts.at(static_cast<std::size_t>(random.integer(-2, 3) + 2));
  double chi_square = 0.0;
  for (const int count : counts) chi_square += (count - 10000.0) * (count - 10000.0) / 10000.0;
  CHECK(chi_square < 20.5);  // the 99.9 % quantile for five degrees of freedom
}

TEST_CASE("Integers may span one number or all of them") {
  Random random(7, "integers");
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  CHECK(random.integer(5, 5) == 5);
  CHECK(random.integer(kMax, kMax) == kMax);
  Random same = random;
  CHECK(random.integer(kMin, kMax) == static_cast<std::int64_t>(same.bits()));
  CHECK_THROWS_AS(random.integer(2, 1), LawBroken);
}

TEST_CASE("Normal numbers have mean 0, variance 1 and thin tails") {
  Random random(7, "normal");
  int beyond_two = 0;
  const Moments m = moments([&] {
    const double x = random.normal();
    beyond_two += std::fabs(x) > 2.0 ? 1 : 0;
    return x;
  });
  CHECK(m.mean == Approx(0.0).margin(0.01));
  CHECK(m.variance == Approx(1.0).epsilon(0.015));
  CHECK(beyond_two / 200000.0 == Approx(0.0455).margin(0.002));
}

TEST_CASE("Exponential numbers have the mean and its square as variance") {
  Random random(7, "exponential");
  const Moments m = moments([&] { return random.exponential(3.0); });
  CHECK(m.mean == Approx(3.0).epsilon(0.01));
  CHECK(m.variance == Approx(9.0).epsilon(0.03));
}

TEST_CASE("Lognormal numbers have the mean and the coefficient of variation asked for") {
  Random random(7, "lognormal");
  const Moments m = moments([&] { return random.lognormal(600.0, 0.9); });
  CHECK(m.mean == Approx(600.0).epsilon(0.01));
  CHECK(std::sqrt(m.variance) / m.mean == Approx(0.9).epsilon(0.03));
  CHECK(random.lognormal(600.0, 0.0) == 600.0);
}

TEST_CASE("Gamma numbers have the moments of the distribution, for shapes on both sides of one") {
  for (const double shape : {0.3, 1.0, 4.5}) {
    CAPTURE(shape);
    Random random(7, "gamma");
    const Moments m = moments([&] { return random.gamma(shape, 2.0); });
    CHECK(m.mean == Approx(2.0 * shape).epsilon(0.015));
    CHECK(m.variance == Approx(4.0 * shape).epsilon(0.04));
  }
  CHECK_THROWS_AS(Random(7, "gamma").gamma(0.0, 1.0), LawBroken);
}
