// Numbers cut to a few digits.
#include "sim/base/rounding.hpp"

#include <catch2/catch.hpp>

namespace switchyard {

TEST_CASE("A number is rounded to its significant digits, large and small ones alike") {
  CHECK(rounded(0.123456, 3) == 0.123);
  CHECK(rounded(1.876544, 3) == 1.88);
  CHECK(rounded(123456789.0, 5) == 123460000.0);
  CHECK(rounded(-1.26e-12, 2) == -1.3e-12);
  CHECK(rounded(0.0, 3) == 0.0);
  CHECK(rounded(7.0, 1) == 7.0);
}

}  // namespace switchyard
