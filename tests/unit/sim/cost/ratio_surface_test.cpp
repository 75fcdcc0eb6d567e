// Ratios over two varying sizes: exact where measured, between them in between, continuous, held at the
// edges.
#include "sim/cost/ratio_surface.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace switchyard;

namespace {

/// Ratios of 1, 2, 3, 4, … by x, then y.
RatioSurface grid(const std::vector<double>& xs, const std::vector<double>& ys) {
  std::vector<RatioSurface::Point> points;
  for (double x : xs)
    for (double y : ys) points.push_back({x, y, static_cast<double>(points.size() + 1)});
  return RatioSurface(points);
}

}  // namespace

TEST_CASE("A measured pair of sizes has its own ratio, in whatever order the points come", "[cost]") {
  const std::vector<RatioSurface::Point> points = {{64, 100, 0.4},  {1, 100, -0.1}, {1, 5000, 0.2},
                                                   {64, 5000, 0.7}, {8, 100, 0.0},  {8, 5000, -0.9}};
  const RatioSurface surface(points);
  const RatioSurface reversed({points.rbegin(), points.rend()});
  for (const RatioSurface::Point& point : points) {
    CHECK(surface.log_ratio(point.x, point.y) == point.log_ratio);
    CHECK(reversed.log_ratio(point.x, point.y) == point.log_ratio);
  }
}

TEST_CASE("Halfway in logarithms the log-ratio is the mean: of two, and of four", "[cost]") {
  const RatioSurface surface = grid({1, 4, 64}, {100, 10000});
  CHECK(surface.log_ratio(2, 100) == Approx(2.0));
  CHECK(surface.log_ratio(1, 1000) == Approx(1.5));
  CHECK(surface.log_ratio(2, 1000) == Approx(2.5));
  CHECK(surface.log_ratio(16, 1000) == Approx(4.5));
}

TEST_CASE("Beyond the measured range the nearest edge's ratio holds", "[cost]") {
  const RatioSurface surface = grid({2, 64}, {100, 10000});
  CHECK(surface.log_ratio(0, 0) == 1.0);
  CHECK(surface.log_ratio(1, 1e9) == 2.0);
  CHECK(surface.log_ratio(1e9, 99) == 3.0);
  CHECK(surface.log_ratio(65, 10001) == 4.0);
  CHECK(surface.log_ratio(1, 1000) == Approx(1.5));
}

TEST_CASE("A crossing that was not measured takes the nearest point's ratio", "[cost]") {
  const RatioSurface surface({{1, 100, 0.1}, {8, 100, 0.2}, {1, 1000, 0.3}, {64, 100, 0.4}});
  CHECK(surface.log_ratio(8, 1000) == 0.3);   // a factor of 8 away, the others of 10
  CHECK(surface.log_ratio(64, 1000) == 0.4);  // of 10; the others farther
}

TEST_CASE("Points of the same sizes are averaged", "[cost]") {
  const RatioSurface surface({{8, 1, 0.1}, {8, 1, 0.3}, {16, 1, 1.0}, {8, 1, 0.5}});
  CHECK(surface.log_ratio(8) == Approx(0.3));
  CHECK(surface.log_ratio(16) == Approx(1.0));
}

TEST_CASE("Ratios have no step anywhere: a small change of a size changes them little", "[cost]") {
  const RatioSurface surface({{1, 100, 0.1}, {8, 100, -0.9}, {1, 1000, 0.3}, {64, 100, 0.4}, {8, 4000, 2.0}});
  for (double fixed : {0.5, 1.0, 3.0, 8.0, 70.0}) {
    for (double size = 0.4; size < 5000.0; size *= 1.001) {
      CHECK(std::abs(surface.log_ratio(size * 1.001, 100.0 * fixed) -
                     surface.log_ratio(size, 100.0 * fixed)) < 0.01);
      CHECK(std::abs(surface.log_ratio(fixed, size * 1.001) - surface.log_ratio(fixed, size)) < 0.01);
    }
  }
}

TEST_CASE("A mixture is the weighted mean everywhere, also of surfaces over different sizes", "[cost]") {
  const RatioSurface a = grid({1, 4, 64}, {100, 10000}), b = grid({2, 64, 128}, {10, 100});
  const RatioSurface mixed = RatioSurface::mixture({{0.25, &a}, {0.75, &b}});
  for (double x : {0.5, 1.0, 1.7, 2.0, 3.0, 4.0, 64.0, 100.0, 1000.0}) {
    for (double y : {1.0, 10.0, 50.0, 100.0, 500.0, 20000.0}) {
      CHECK(mixed.log_ratio(x, y) == Approx(0.25 * a.log_ratio(x, y) + 0.75 * b.log_ratio(x, y)));
    }
  }
}
