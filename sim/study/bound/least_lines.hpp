// Straight lines under a time that depends on one size: what is left of an operator's shape when times of
// many steps are added up without knowing how the work is spread over them.
#pragma once

#include <utility>
#include <vector>

#include "sim/base/units.hpp"

namespace switchyard {

/// For every size x from 1 to the largest piece's end the time is at least fixed + each x, of each line. No
/// part is below 0: so k times whose sizes add up to `all` take together at least fixed k + each x all, and
/// what is split takes no less than what is whole.
class LeastLines {
 public:
  struct Line {
    Seconds fixed, each;
    Seconds of(double times, double all) const { return fixed * times + each * all; }
  };
  /// The time is at least `least` for all sizes from the end of the piece before to `to`.
  struct Piece {
    double to = 0.0;
    Seconds least;
  };

  /// No time at all.
  LeastLines() = default;
  /// Pieces by size, ascending. The lines are the edges of the lower convex hull of the pieces' far ends, the
  /// least time of all, and the line from the origin that touches them.
  explicit LeastLines(const std::vector<Piece>& pieces);
  /// A time known to be at least this line.
  explicit LeastLines(const Line& line) : lines_{line} {}
  /// At least each of these.
  explicit LeastLines(std::vector<Line> lines) : lines_(std::move(lines)) {}

  const std::vector<Line>& lines() const { return lines_; }
  /// Of so many times, whose sizes add up to `all`.
  Seconds of(double times, double all) const;

 private:
  std::vector<Line> lines_;
};

/// Sizes 1, 2, 3 … in pieces, each as wide as `reach` times its first size but at least one: their ends, the
/// last one at least `most`.
std::vector<double> piece_ends(double first, double most, double reach);

}  // namespace switchyard
