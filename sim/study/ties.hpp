// What the simulator cannot tell apart: the one rule by which `plan` and `compare` call two figures a tie.
#pragma once

#include <optional>

namespace switchyard {

/// A simulated figure and by what share of it it may be off: the mean error at the nearest measured
/// configuration (Trust). None: not known, which counts as nothing; whoever reports a ranking says so.
struct Estimate {
  double value = 0.0;  // above zero
  std::optional<double> error;
};

/// How far apart two searches for the same figure may end, as a share: a race for a goodput stops within 1.5
/// % of what it looks for, on either side. A figure that was simulated and not searched for has none.
inline constexpr double kSearched = 0.02;
inline constexpr double kSimulated = 0.0;

/// By what share the ratio of two figures may be off: the root of the sum of squares of their errors and of
/// the resolution, the law of propagation for a quotient of uncorrelated quantities (JCGM 100:2008, "GUM",
/// 5.1.2 and 5.1.6). With mean errors, as stated, and no coverage factor: of figures just this far apart
/// about one pair in three is no more than chance. Two models on the same GPU and engine are off in the same
/// direction in part, which makes that less.
double joint_error(const std::optional<double>& a, const std::optional<double>& b, double resolution);

/// How far the larger is above the smaller, as a share of the smaller.
double distance(double a, double b);

/// They are no further apart than their joint error.
bool is_tie(const Estimate& a, const Estimate& b, double resolution);

}  // namespace switchyard
