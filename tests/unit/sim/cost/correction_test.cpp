// Ratios of measured to formula: exact at the points, between them in between, and the ends' outside.
#include "sim/cost/correction.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "sim/cost/measured_operators.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

double ratio(const RatioCurve& curve, Seconds formula) { return curve.corrected(formula) / formula; }

/// Formula times from below the curve's first point to beyond its last, in steps of a twentieth.
template <class Visitor>
void walk(Seconds first, Seconds last, Visitor visit) {
  for (Seconds formula = 0.5 * first; formula < 2.0 * last; formula *= 1.05) visit(formula);
}

}  // namespace

TEST_CASE("A measured point comes out as measured", "[cost]") {
  const std::vector<MeasuredTime> points = {{300_us, 240_us}, {3.1_us, 7_us}, {47_us, 51.3_us}};
  const RatioCurve curve(points);
  for (const MeasuredTime& point : points) {
    CHECK(curve.corrected(point.formula).value() == Approx(point.measured.value()).epsilon(1e-12));
  }
}

TEST_CASE("Between two points the ratio lies between theirs, halfway at the geometric mean", "[cost]") {
  const RatioCurve curve({{10_us, 20_us}, {1000_us, 500_us}});
  CHECK(ratio(curve, 100_us) == Approx(1.0).epsilon(1e-12));  // of 2 and 0.5
  double last = 2.0;
  for (Seconds formula = 10.1_us; formula < 1000_us; formula *= 1.1) {
    CHECK(ratio(curve, formula) < last);
    CHECK(ratio(curve, formula) > 0.5);
    last = ratio(curve, formula);
  }
}

TEST_CASE("Outside of the measured range the end's ratio holds", "[cost]") {
  const RatioCurve curve({{10_us, 20_us}, {100_us, 110_us}, {1000_us, 500_us}});
  CHECK(ratio(curve, 1_us) == Approx(2.0).epsilon(1e-12));
  CHECK(ratio(curve, 9.99_us) == Approx(2.0).epsilon(1e-12));
  CHECK(ratio(curve, 1001_us) == Approx(0.5).epsilon(1e-12));
  CHECK(ratio(curve, 1_s) == Approx(0.5).epsilon(1e-12));
  CHECK(curve.corrected(0_s) == 0_s);
}

TEST_CASE("One point scales every time of its shape", "[cost]") {
  const RatioCurve curve({{10_us, 12_us}});
  for (const Seconds formula : {1_us, 10_us, 1_s}) CHECK(ratio(curve, formula) == Approx(1.2).epsilon(1e-12));
}

TEST_CASE("Points where the formula says the same are averaged, whatever their order", "[cost]") {
  const Seconds rounded(10e-6 * (1.0 + 1e-15));
  for (const RatioCurve& curve : {RatioCurve({{10_us, 9_us}, {rounded, 15_us}, {20_us, 20_us}}),
                                  RatioCurve({{20_us, 20_us}, {rounded, 15_us}, {10_us, 9_us}})}) {
    CHECK(curve.corrected(10_us).value() == Approx(12e-6).epsilon(1e-12));
    CHECK(curve.corrected(20_us).value() == Approx(20e-6).epsilon(1e-12));
    CHECK(ratio(curve, 15_us) < 1.2);
    CHECK(ratio(curve, 15_us) > 1.0);
  }
}

TEST_CASE("Times rise with the formula's where measured ones do, be their ratios rising or falling",
          "[cost]") {
  struct Row {
    std::string name;
    std::vector<MeasuredTime> points;
  };
  const std::vector<Row> rows = {
      {"rising", {{10_us, 8_us}, {50_us, 60_us}, {400_us, 900_us}}},
      {"falling", {{10_us, 30_us}, {50_us, 60_us}, {400_us, 300_us}}},
      // A ratio that is linear in the logarithm would pass 7.4 us on the way there, and come back.
      {"falling steeply from few points", {{1_us, 5_us}, {7.39_us, 7.4_us}}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const RatioCurve curve(row.points);
    Seconds last;
    walk(row.points.front().formula, row.points.back().formula, [&](Seconds formula) {
      INFO(formula.value());
      CHECK(curve.corrected(formula) > last);
      last = curve.corrected(formula);
    });
  }
}

TEST_CASE("A shape of a kind that was not measured keeps the formula's time to the last bit", "[cost]") {
  const GemmShape bf16{Precision::bf16, Precision::bf16, 4096, 1024},
      fp8{Precision::fp8, Precision::fp8, 4096, 1024};
  const Correction<GemmShape> none;
  CHECK(none.empty());
  CHECK(none.corrected(bf16, 8.0, 1.0, 13.7_us) == 13.7_us);
  const Correction<GemmShape> some({{bf16, {{8.0, 1.0, {10_us, 20_us}}}}});
  CHECK_FALSE(some.empty());
  CHECK(some.corrected(fp8, 8.0, 1.0, 13.7_us) == 13.7_us);
  CHECK(some.corrected(fp8, 13.7_us, [](double) { return 1_us; }) == 13.7_us);
  CHECK(some.corrected(bf16, 8.0, 1.0, 10_us).value() == Approx(20e-6).epsilon(1e-12));
}

TEST_CASE("A shape is answered the same when it is asked for again, whatever was asked between", "[cost]") {
  const auto shape = [](std::int64_t n) { return GemmShape{Precision::bf16, Precision::bf16, n, 1024}; };
  const Correction<GemmShape> correction(
      {{shape(1024), {{1.0, 1.0, {10_us, 20_us}}, {64.0, 1.0, {40_us, 50_us}}}},
       {shape(4096), {{1.0, 1.0, {10_us, 30_us}}, {64.0, 1.0, {40_us, 90_us}}}}});
  const auto formula_at = [](double m) { return (9.5 + 0.5 * m) * 1_us; };
  for (int round = 0; round < 2; ++round) {
    CHECK(correction.corrected(shape(1024), 1.0, 1.0, 10_us).value() == Approx(20e-6).epsilon(1e-12));
    CHECK(correction.corrected(shape(4096), 10_us, formula_at).value() == Approx(30e-6).epsilon(1e-12));
    CHECK(correction.corrected(shape(2048), 10_us, formula_at).value() ==
          Approx(std::sqrt(6.0) * 1e-5).epsilon(1e-12));
    CHECK(correction.corrected(shape(2048), formula_at(200.0), formula_at) > 109.5_us);
  }
}
