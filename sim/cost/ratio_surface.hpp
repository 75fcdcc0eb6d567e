// Ratios of measured to formula over the two sizes that vary in a measured table while the shape stands
// still: sequences and context of decode attention, rows an expert and active experts of grouped products.
// Bilinear in logarithms: of the ratio, over those of the sizes. Outside of the measured range the ratio of
// its nearest edge holds: that is the extrapolation.
#pragma once

#include <array>
#include <vector>

namespace switchyard {

/// Both ends included.
struct SizeRange {
  double from = 1.0;
  double to = 1.0;
};

class RatioSurface {
 public:
  /// Sizes above 0; a class with one varying size has y = 1 throughout.
  struct Point {
    double x = 1.0;
    double y = 1.0;
    double log_ratio = 0.0;
  };
  /// Points in any order, at least one; those of the same sizes are averaged. A crossing of the grid that
  /// they span which was not measured takes the nearest point's ratio, in logarithms.
  explicit RatioSurface(const std::vector<Point>& points);

  /// A part of a mixture.
  struct Share {
    double weight;
    const RatioSurface* surface;
  };
  /// The weighted mean of log-ratios at every crossing of the parts' sizes.
  static RatioSurface mixture(const std::vector<Share>& shares);

  /// Natural logarithm of the ratio. Sizes of 0 are below every measured one.
  double log_ratio(double x, double y = 1.0) const;
  /// The least of a rectangle of sizes.
  double least_log_ratio(const SizeRange& x, const SizeRange& y) const;
  /// The measured sizes, ascending.
  const std::vector<double>& xs() const { return axes_[0].sizes; }
  const std::vector<double>& ys() const { return axes_[1].sizes; }

 private:
  struct Axis {
    std::vector<double> sizes;  // ascending
    std::vector<double> logs;
  };
  /// Between `below` and the next: `share` of the way there.
  struct Position {
    std::size_t below;
    double share;
  };
  RatioSurface() = default;
  static Axis axis_of(std::vector<double> sizes);
  static Position position(const Axis& axis, double size);
  static std::vector<double> corners(const Axis& axis, const SizeRange& range);
  double& at(std::size_t x, std::size_t y) { return log_ratios_[x * axes_[1].sizes.size() + y]; }
  void fill(const std::vector<Point>& points);

  std::array<Axis, 2> axes_;
  std::vector<double> log_ratios_;  // by x, then y
};

}  // namespace switchyard
