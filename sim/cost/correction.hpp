// A measured table corrects the formula: an operator takes formula x ratio, the ratio being measured /
// formula. Every table is a grid of points (sizes of a shape, and what varies: rows, or sequences and
// context); a point on it comes out as measured, between points the ratio's logarithm is linear in the
// logarithms of all sizes (sim/cost/measured_shapes.hpp, ratio_surface.hpp), and outside of them the edge's
// ratio holds: the formula extrapolates from there. What is not a size, formats and kinds of attention, must
// have been measured itself, or the formula stands alone.
//
// Along one varying size (RatioCurve) the ratio goes with the formula's time instead of the size, and times
// fall from one measured size to the next at most as far as those of the shapes around do: so they rise
// wherever the measured ones do.
//
// A table belongs to the datasheet's figures that it was measured with: changed figures move the formula
// under it.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/cost/measured_shapes.hpp"

namespace switchyard {

/// One operator's time, as the formula has it and as it was measured; both above 0, overhead included.
struct MeasuredTime {
  Seconds formula;
  Seconds measured;
};

/// The ratios of one shape along the formula's time.
class RatioCurve {
 public:
  /// At least one point, in any order. Points where the formula says the same are averaged.
  explicit RatioCurve(std::vector<MeasuredTime> points);

  Seconds corrected(Seconds formula) const;
  /// The least where the formula says anything from `from` to `to`.
  Seconds least(Seconds from, Seconds to) const;

 private:
  struct Knot {
    double log_formula;
    double log_ratio;
  };
  std::vector<Knot> knots_;  // ascending
};

/// A point of a table: the sizes that vary, above 0 (one: y = 1), and the times there.
struct MeasuredPoint {
  double x = 1.0;
  double y = 1.0;
  MeasuredTime time;
};

/// The surfaces of one class of operators by `Shape`, a type that `ShapePlace place_of(const Shape&)` takes.
/// A shape's surface is mixed when it is first asked for and remembered: asking is not for several threads.
template <class Shape>
class Correction {
 public:
  using Points = std::map<Shape, std::vector<MeasuredPoint>>;

  Correction() = default;
  explicit Correction(const Points& points) {
    std::map<ShapePlace, std::vector<RatioSurface::Point>> ratios, times;
    for (const auto& [shape, of_shape] : points) {
      const ShapePlace place = place_of(shape);
      for (const auto& [x, y, time] : of_shape) {
        ratios[place].push_back({x, y, std::log(time.measured / time.formula)});
        times[place].push_back({x, y, std::log(time.measured.value())});
      }
    }
    shapes_ = MeasuredShapes(ratios);
    times_ = MeasuredShapes(times);
  }

  bool empty() const { return shapes_.empty(); }

  /// The formula's time itself when nothing of the shape's kind was measured.
  Seconds corrected(const Shape& shape, double x, double y, Seconds formula) const {
    if (empty()) return formula;
    const Ratios& ratios = ratios_of(shape);
    return ratios.surface ? formula * std::exp(ratios.surface->log_ratio(x, y)) : formula;
  }

  /// The same along one varying size; `formula_at(x)` is the formula's time at a measured size x.
  template <class FormulaAt>
  Seconds corrected(const Shape& shape, Seconds formula, FormulaAt formula_at) const {
    const RatioCurve* curve = curve_at(shape, formula_at);
    return curve == nullptr ? formula : curve->corrected(formula);
  }

  /// The least over a rectangle of sizes, where the formula says at least `formula`.
  Seconds least(const Shape& shape, const SizeRange& x, const SizeRange& y, Seconds formula) const {
    if (empty()) return formula;
    const Ratios& ratios = ratios_of(shape);
    return ratios.surface ? formula * std::exp(ratios.surface->least_log_ratio(x, y)) : formula;
  }
  /// The least where the formula says anything from `from` to `to`.
  template <class FormulaAt>
  Seconds least(const Shape& shape, Seconds from, Seconds to, FormulaAt formula_at) const {
    const RatioCurve* curve = curve_at(shape, formula_at);
    return curve == nullptr ? from : curve->least(from, to);
  }

 private:
  struct Ratios {
    std::optional<RatioSurface> surface;  // none: nothing of the kind was measured
    std::optional<RatioCurve> curve;
  };

  /// Null when nothing of the shape's kind was measured.
  template <class FormulaAt>
  const RatioCurve* curve_at(const Shape& shape, FormulaAt formula_at) const {
    if (empty()) return nullptr;
    Ratios& ratios = ratios_of(shape);
    if (!ratios.surface) return nullptr;
    if (!ratios.curve) ratios.curve = curve_of(shape, *ratios.surface, formula_at);
    return &*ratios.curve;
  }

  template <class FormulaAt>
  RatioCurve curve_of(const Shape& shape, const RatioSurface& ratios, FormulaAt formula_at) const {
    const RatioSurface around = *times_.at(place_of(shape));
    std::vector<MeasuredTime> times;
    double last = 0.0;
    for (double x : ratios.xs()) {
      const Seconds formula = formula_at(x);
      Seconds time = formula * std::exp(ratios.log_ratio(x));
      const double now = around.log_ratio(x);
      if (!times.empty()) time = std::max(time, times.back().measured * std::exp(std::min(0.0, now - last)));
      times.push_back({formula, time});
      last = now;
    }
    return RatioCurve(std::move(times));
  }

  /// A model has a few shapes: looking through them is faster than a tree.
  Ratios& ratios_of(const Shape& shape) const {
    for (auto& [known, ratios] : remembered_)
      if (known == shape) return ratios;
    remembered_.emplace_back(shape, Ratios{shapes_.at(place_of(shape)), std::nullopt});
    return remembered_.back().second;
  }

  MeasuredShapes shapes_;
  MeasuredShapes times_;  // logarithms of measured times, mixed like ratios
  mutable std::vector<std::pair<Shape, Ratios>> remembered_;
};

}  // namespace switchyard
