// A measured table corrects the formula: an operator of a measured shape takes formula x ratio, the ratio
// being measured / formula. Each point has its ratio at the formula's own time there; between two points the
// ratio's logarithm is linear in the logarithm of the formula's time, outside of them the end's ratio holds.
// So a measured point comes out as measured, unless the formula says the same of two, and where measured
// times rise with the formula's, so do all between. A table belongs to the datasheet's figures that it was
// measured with: changed figures move the formula under it.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"

namespace switchyard {

/// One operator's time, as the formula has it and as it was measured; both above 0, overhead included.
struct MeasuredTime {
  Seconds formula;
  Seconds measured;
};

/// The ratios of one shape.
class RatioCurve {
 public:
  /// At least one point, in any order. Points where the formula says the same are averaged.
  explicit RatioCurve(std::vector<MeasuredTime> points);

  Seconds corrected(Seconds formula) const;

 private:
  struct Knot {
    double log_formula;
    double log_ratio;
  };
  std::vector<Knot> knots_;  // ascending
};

/// The curves of one class of operators by `Shape`: what a table keeps fixed, a tuple.
template <class Shape>
class Correction {
 public:
  using Points = std::map<Shape, std::vector<MeasuredTime>>;

  Correction() = default;
  explicit Correction(Points points) {
    for (auto& [shape, times] : points) curves_.emplace(shape, RatioCurve(std::move(times)));
  }

  bool empty() const { return curves_.empty(); }

  /// The formula's time itself when the shape was not measured.
  Seconds corrected(const Shape& shape, Seconds formula) const {
    if (empty()) return formula;
    const auto curve = curves_.find(shape);
    return curve == curves_.end() ? formula : curve->second.corrected(formula);
  }

 private:
  std::map<Shape, RatioCurve> curves_;
};

}  // namespace switchyard
