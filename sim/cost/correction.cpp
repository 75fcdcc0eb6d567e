// Ratios along the formula's time.
#include "sim/cost/correction.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

/// Times that differ by rounding alone are equal.
constexpr double kSameTime = 1.0 + 1e-9;

}  // namespace

RatioCurve::RatioCurve(std::vector<MeasuredTime> points) {
  ensure(!points.empty(), "a measured shape has points");
  std::sort(points.begin(), points.end(),
            [](const MeasuredTime& a, const MeasuredTime& b) { return a.formula < b.formula; });
  for (auto first = points.begin(); first != points.end();) {
    const auto last = std::find_if(
        first, points.end(), [&](const MeasuredTime& p) { return p.formula > first->formula * kSameTime; });
    double ratios = 0.0;
    for (auto point = first; point != last; ++point) ratios += point->measured / point->formula;
    knots_.push_back(
        {std::log(first->formula.value()), std::log(ratios / static_cast<double>(last - first))});
    first = last;
  }
}

/// Between knots the corrected time is a power of the formula's, beyond them a multiple of it: it is least at
/// a knot or at an end.
Seconds RatioCurve::least(Seconds from, Seconds to) const {
  Seconds least = std::min(corrected(from), corrected(to));
  for (const Knot& knot : knots_) {
    const Seconds formula(std::exp(knot.log_formula));
    if (formula > from && formula < to) least = std::min(least, formula * std::exp(knot.log_ratio));
  }
  return least;
}

Seconds RatioCurve::corrected(Seconds formula) const {
  const double at = std::log(formula.value());  // of no time: below every knot
  const auto above = std::lower_bound(knots_.begin(), knots_.end(), at,
                                      [](const Knot& knot, double x) { return knot.log_formula < x; });
  if (above == knots_.begin()) return formula * std::exp(above->log_ratio);
  const auto below = above - 1;
  if (above == knots_.end()) return formula * std::exp(below->log_ratio);
  const double share = (at - below->log_formula) / (above->log_formula - below->log_formula);
  return formula * std::exp(below->log_ratio + share * (above->log_ratio - below->log_ratio));
}

}  // namespace switchyard
