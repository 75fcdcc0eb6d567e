// Straight lines under times that need not grow.
#include "sim/study/bound/least_lines.hpp"

#include <catch2/catch.hpp>

using namespace switchyard;

namespace {

/// A time that dips, as measured tables do.
Seconds dipping(double size) { return Seconds(size < 60.0 ? 10.0 + size : 0.5 * size); }

LeastLines lines_under(Seconds (*time)(double), double most) {
  std::vector<LeastLines::Piece> pieces;
  double from = 1.0;
  for (const double to : piece_ends(1.0, most, 1.1)) {
    Seconds least = time(from);
    for (double size = from; size <= to; size += 1.0) least = std::min(least, time(size));
    pieces.push_back({to, least});
    from = to + 1.0;
  }
  return LeastLines(pieces);
}

}  // namespace

TEST_CASE("Pieces of sizes follow one another without a gap and reach the most") {
  for (const double first : {1.0, 7.0, 601.0}) {
    double next = first;
    for (const double end : piece_ends(first, 5000.0, 1.08)) {
      REQUIRE(end >= next);
      REQUIRE(end <= std::max(next, next * 1.08));
      next = end + 1.0;
    }
    REQUIRE(next > 5000.0);
  }
}

TEST_CASE("Lines lie nowhere above a time, even one that dips, and near it where it is straight") {
  const LeastLines lines = lines_under(dipping, 1000.0);
  for (double size = 1.0; size <= 1000.0; size += 1.0)
    REQUIRE(lines.of(1.0, size) <= dipping(size) * (1.0 + 1e-12));
  REQUIRE(lines.of(1.0, 1.0) >= dipping(1.0) * 0.9);
  REQUIRE(lines.of(1.0, 900.0) >= dipping(900.0) * 0.9);
}

TEST_CASE("What is split takes no less than the lines say of the whole") {
  const LeastLines lines = lines_under(dipping, 1000.0);
  for (const double whole : {2.0, 100.0, 130.0, 999.0})
    for (double part = 1.0; part < whole; part += 7.0) {
      const Seconds apart = dipping(part) + dipping(whole - part);
      REQUIRE(lines.of(1.0, whole) <= apart * (1.0 + 1e-12));
      REQUIRE(lines.of(2.0, whole) <= apart * (1.0 + 1e-12));
    }
}

TEST_CASE("Without pieces lines say nothing") {
  REQUIRE(LeastLines().of(3.0, 100.0) == Seconds(0.0));
  REQUIRE(LeastLines(std::vector<LeastLines::Piece>{}).of(3.0, 100.0) == Seconds(0.0));
}
