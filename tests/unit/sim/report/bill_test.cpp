// Who bears what of a run's cost.
#include "sim/report/bill.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace switchyard;

Metrics half_an_hour() {
  Metrics metrics;
  metrics.completed = 10;
  metrics.duration = Seconds(1800.0);
  metrics.total_input_tokens = 4'000'000;
  metrics.total_output_tokens = 500'000;
  metrics.prompt_share = 0.25;
  return metrics;
}

const Price kPrice{DollarsPerHour(2.5), "by hand", ""};

}  // namespace

TEST_CASE("A bill is GPUs times hours times price, and both kinds of tokens bear it, by hand") {
  const auto bill = bill_of(kPrice, 8, half_an_hour());
  REQUIRE(bill);
  CHECK(per_hour(kPrice, 8)->value() == Approx(20.0));
  CHECK(bill->total.value() == Approx(10.0));
  CHECK(bill->per_million_input_tokens->value() == Approx(10.0 * 0.25 / 4.0));
  CHECK(bill->per_million_output_tokens->value() == Approx(10.0 * 0.75 / 0.5));
}

TEST_CASE("Without a price, or when nothing completed, there is no bill") {
  CHECK_FALSE(bill_of({}, 8, half_an_hour()));
  CHECK_FALSE(per_hour({}, 8));
  CHECK_FALSE(bill_of(kPrice, 8, Metrics()));
}
