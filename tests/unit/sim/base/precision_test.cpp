// The menu of number formats.
// The menu of number formats.
#include "sim/base/precision.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"

namespace switchyard {

TEST_CASE("Every precision reads back from its name") {
  REQUIRE(precisions().size() == 9);
  for (const PrecisionRow& row : precisions()) {
    CHECK(precision_of(row.name, "/precision/weights") == row.precision);
    CHECK(name_of(row.precision) == row.name);
    CHECK(bytes_per_element(row.precision) == row.bytes_per_element);
  }
}

TEST_CASE("Scales are part of an element's bytes") {
  CHECK(bytes_per_element(Precision::bf16).value() == 2.0);
  CHECK(bytes_per_element(Precision::fp8).value() == 1.0);
  CHECK(bytes_per_element(Precision::mxfp4).value() == 0.53125);
  CHECK(bytes_per_element(Precision::fp4).value() == 0.5625);
  CHECK(bytes_per_element(Precision::int4).value() == 0.5625);
  const double block = 128.0 * 128.0;
  CHECK(bytes_per_element(Precision::fp8_block).value() * block == block + 4.0);
}

TEST_CASE("An unknown precision is refused with its path and the choices") {
  CHECK_THROWS_AS(precision_of("fp12", "/precision/weights"), InputError);
  CHECK_THROWS_WITH(precision_of("bf61", "/precision/weights"),
                    Catch::StartsWith("/precision/weights: ") && Catch::Contains("bf16"));
}

}  // namespace switchyard
