// The rule for ties.
#include "sim/study/ties.hpp"

#include <catch2/catch.hpp>

using namespace switchyard;

TEST_CASE("Two figures tie where their ratio is within the root of the squares of both errors") {
  const Estimate a{100.0, 0.03}, b{104.9, 0.04}, c{105.1, 0.04};  // together 5 %
  CHECK((is_tie(a, b, kSimulated) && is_tie(b, a, kSimulated)));
  CHECK_FALSE((is_tie(a, c, kSimulated) || is_tie(c, a, kSimulated)));
  CHECK(joint_error(0.03, 0.04, kSimulated) == Approx(0.05));
}

TEST_CASE("Figures that a search found tie within its resolution as well") {
  CHECK(is_tie({100.0, 0.0}, {101.9, 0.0}, kSearched));
  CHECK_FALSE(is_tie({100.0, 0.0}, {101.9, 0.0}, kSimulated));
  CHECK(joint_error(0.03, 0.04, 0.12) == Approx(0.13));
}

TEST_CASE("An unknown error counts as none, and equal figures always tie") {
  CHECK_FALSE(is_tie({100.0, {}}, {100.1, {}}, kSimulated));
  CHECK(is_tie({100.0, {}}, {100.0, {}}, kSimulated));
  CHECK(is_tie({100.0, 0.02}, {101.0, {}}, kSimulated));
}
