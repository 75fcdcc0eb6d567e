// The lower convex hull (Andrew's monotone chain) of a staircase.
#include "sim/study/bound/least_lines.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard {
namespace {

using Piece = LeastLines::Piece;

double slope(const Piece& a, const Piece& b) { return (b.least - a.least).value() / (b.to - a.to); }

std::vector<Piece> lower_hull(const std::vector<Piece>& pieces) {
  std::vector<Piece> hull;
  for (const Piece& piece : pieces) {
    while (hull.size() > 1 && slope(hull[hull.size() - 2], hull.back()) >= slope(hull.back(), piece))
      hull.pop_back();
    hull.push_back(piece);
  }
  return hull;
}

}  // namespace

/// A line that does not fall lies under a piece where it lies under the piece's far end.
LeastLines::LeastLines(const std::vector<Piece>& pieces) {
  if (pieces.empty()) return;
  Seconds least(std::numeric_limits<double>::infinity()), each = least;
  for (const Piece& piece : pieces) {
    least = std::min(least, piece.least);
    each = std::min(each, piece.least / piece.to);
  }
  lines_ = {{least, Seconds(0.0)}, {Seconds(0.0), each}};
  const std::vector<Piece> hull = lower_hull(pieces);
  for (std::size_t i = 1; i < hull.size(); ++i) {
    const Seconds edge(slope(hull[i - 1], hull[i]));
    const Seconds fixed = hull[i].least - edge * hull[i].to;
    if (edge > Seconds(0.0) && fixed > Seconds(0.0)) lines_.push_back({fixed, edge});
  }
}

Seconds LeastLines::of(double times, double all) const {
  Seconds most;
  for (const Line& line : lines_) most = std::max(most, line.of(times, all));
  return most;
}

std::vector<double> piece_ends(double first, double most, double reach) {
  std::vector<double> ends;
  for (double from = first; from <= most; from = ends.back() + 1.0) ends.push_back(std::floor(from * reach));
  return ends;
}

}  // namespace switchyard
