// The rule.
#include "sim/study/ties.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard {

double joint_error(const std::optional<double>& a, const std::optional<double>& b, double resolution) {
  const double first = a.value_or(0.0), second = b.value_or(0.0);
  return std::sqrt(first * first + second * second + resolution * resolution);
}

double distance(double a, double b) { return std::max(a, b) / std::min(a, b) - 1.0; }

bool is_tie(const Estimate& a, const Estimate& b, double resolution) {
  return distance(a.value, b.value) <= joint_error(a.error, b.error, resolution);
}

}  // namespace switchyard
