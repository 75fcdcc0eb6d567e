// Shapes between measured ones: surfaces mixed by distance in logarithms.
#include "sim/cost/measured_shapes.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace switchyard;

namespace {

ShapePlace place(double n, double k, int kind = 0) { return {{kind, 0, 0}, {std::log(n), std::log(k)}}; }

std::vector<RatioSurface::Point> flat(double log_ratio) { return {{1.0, 1.0, log_ratio}}; }

/// Of a shape with one point measured.
double log_ratio(const MeasuredShapes& shapes, const ShapePlace& wanted) {
  const auto surface = shapes.at(wanted);
  REQUIRE(surface);
  return surface->log_ratio(1.0);
}

MeasuredShapes square() {
  return MeasuredShapes({{place(1000, 100), flat(0.1)},
                         {place(1000, 400), flat(0.2)},
                         {place(16000, 100), flat(0.3)},
                         {place(16000, 400), flat(0.8)}});
}

}  // namespace

TEST_CASE("A measured shape has its own ratios, one between the mean of its cell's corners", "[cost]") {
  const MeasuredShapes shapes = square();
  CHECK(log_ratio(shapes, place(1000, 400)) == 0.2);
  CHECK(log_ratio(shapes, place(16000, 400)) == 0.8);
  CHECK(log_ratio(shapes, place(4000, 100)) == Approx(0.2));
  CHECK(log_ratio(shapes, place(1000, 200)) == Approx(0.15));
  CHECK(log_ratio(shapes, place(4000, 200)) == Approx(0.35));
}

TEST_CASE("A shape outside of the measured ones has the ratios of the edge", "[cost]") {
  const MeasuredShapes shapes = square();
  CHECK(log_ratio(shapes, place(1, 1)) == Approx(0.1));
  CHECK(log_ratio(shapes, place(1e6, 1e6)) == Approx(0.8));
  CHECK(log_ratio(shapes, place(4000, 50)) == Approx(0.2));
}

TEST_CASE("A corner that was not measured stands for the nearest measured shape", "[cost]") {
  const MeasuredShapes shapes({{place(1000, 100), flat(0.1)}, {place(16000, 400), flat(0.8)}});
  CHECK(log_ratio(shapes, place(1000, 400)) == Approx(0.1));  // a factor of 4 away, the other of 16
  CHECK(log_ratio(shapes, place(16000, 100)) == Approx(0.8));
  CHECK(log_ratio(shapes, place(4000, 400)) == Approx(0.45));
}

TEST_CASE("What is not a size must have been measured itself", "[cost]") {
  CHECK_FALSE(square().at(place(1000, 100, 1)).has_value());
  CHECK_FALSE(MeasuredShapes().at(place(1000, 100)).has_value());
  CHECK(MeasuredShapes().empty());
  CHECK_FALSE(square().empty());
}

TEST_CASE("Ratios of shapes have no step where cells meet", "[cost]") {
  MeasuredShapes shapes({{place(1000, 100), flat(0.1)},
                         {place(4000, 300), flat(-0.4)},
                         {place(9000, 100), flat(0.9)},
                         {place(16000, 400), flat(0.8)}});
  for (double k : {90.0, 100.0, 170.0, 300.0, 399.0}) {
    for (double n = 900.0; n < 20000.0; n *= 1.003)
      CHECK(std::abs(log_ratio(shapes, place(n * 1.003, k)) - log_ratio(shapes, place(n, k))) < 0.02);
  }
}
