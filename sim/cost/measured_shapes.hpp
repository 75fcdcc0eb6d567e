// Ratios of shapes that were not measured: multilinear in the logarithms of the shape's sizes, between the
// surfaces of those that were.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "sim/cost/ratio_surface.hpp"

namespace switchyard {

/// What of a shape must agree (formats, kinds: `kind`), and what may lie between measured ones: `logs`,
/// logarithms of sizes, as many in every place of a table.
struct ShapePlace {
  std::array<int, 3> kind{};
  std::vector<double> logs;
  auto operator<=>(const ShapePlace&) const = default;
};

class MeasuredShapes {
 public:
  MeasuredShapes() = default;
  explicit MeasuredShapes(const std::map<ShapePlace, std::vector<RatioSurface::Point>>& points);

  bool empty() const { return kinds_.empty(); }

  /// The surface of a measured place itself. Of another, the mixture of the corners of the cell that it lies
  /// in, in the grid which the measured places of its kind span; a corner that was not measured stands for
  /// the nearest measured place. Outside of the grid: its edge. None when nothing of the kind was measured.
  std::optional<RatioSurface> at(const ShapePlace& place) const;

 private:
  struct Kind {
    std::map<std::vector<double>, RatioSurface> surfaces;
    std::vector<std::vector<double>> axes;  // ascending, one for each of the sizes
  };
  static const RatioSurface& nearest(const Kind& kind, const std::vector<double>& corner);

  std::map<std::array<int, 3>, Kind> kinds_;
};

}  // namespace switchyard
