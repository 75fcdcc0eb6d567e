// A rectangular grid, its holes filled once.
#include "sim/cost/ratio_surface.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/ensure.hpp"

namespace switchyard {

RatioSurface::RatioSurface(const std::vector<Point>& points) {
  ensure(!points.empty(), "a measured shape has points");
  std::vector<double> xs, ys;
  for (const Point& point : points) {
    xs.push_back(point.x);
    ys.push_back(point.y);
  }
  axes_ = {axis_of(std::move(xs)), axis_of(std::move(ys))};
  fill(points);
}

RatioSurface RatioSurface::mixture(const std::vector<Share>& shares) {
  ensure(!shares.empty(), "a mixture has parts");
  if (shares.size() == 1) return *shares.front().surface;
  std::vector<double> xs, ys;
  for (const Share& share : shares) {
    xs.insert(xs.end(), share.surface->xs().begin(), share.surface->xs().end());
    ys.insert(ys.end(), share.surface->ys().begin(), share.surface->ys().end());
  }
  RatioSurface mixed;
  mixed.axes_ = {axis_of(std::move(xs)), axis_of(std::move(ys))};
  for (double x : mixed.xs()) {
    for (double y : mixed.ys()) {
      double sum = 0.0;
      for (const Share& share : shares) sum += share.weight * share.surface->log_ratio(x, y);
      mixed.log_ratios_.push_back(sum);
    }
  }
  return mixed;
}

double RatioSurface::log_ratio(double x, double y) const {
  const auto [row, along_x] = position(axes_[0], x);
  const auto [column, along_y] = position(axes_[1], y);
  const std::size_t columns = axes_[1].sizes.size();
  const double* below = log_ratios_.data() + row * columns + column;
  const double* above = along_x > 0.0 ? below + columns : below;
  const std::size_t next = along_y > 0.0 ? 1 : 0;
  const double at_below = below[0] + along_y * (below[next] - below[0]);
  const double at_above = above[0] + along_y * (above[next] - above[0]);
  return at_below + along_x * (at_above - at_below);
}

/// Between crossings of the grid the surface is bilinear: it is least at a corner of what the rectangle cuts
/// out of a cell.
double RatioSurface::least_log_ratio(const SizeRange& x, const SizeRange& y) const {
  const std::vector<double> ys = corners(axes_[1], y);
  double least = std::numeric_limits<double>::infinity();
  for (double at_x : corners(axes_[0], x))
    for (double at_y : ys) least = std::min(least, log_ratio(at_x, at_y));
  return least;
}

/// Its ends and the sizes of the grid between them.
std::vector<double> RatioSurface::corners(const Axis& axis, const SizeRange& range) {
  std::vector<double> sizes = {range.from};
  const auto first = std::upper_bound(axis.sizes.begin(), axis.sizes.end(), range.from);
  const auto last = std::lower_bound(first, axis.sizes.end(), range.to);
  sizes.insert(sizes.end(), first, last);
  if (range.to > range.from) sizes.push_back(range.to);
  return sizes;
}

RatioSurface::Axis RatioSurface::axis_of(std::vector<double> sizes) {
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  Axis axis{std::move(sizes), {}};
  for (double size : axis.sizes) axis.logs.push_back(std::log(size));
  return axis;
}

RatioSurface::Position RatioSurface::position(const Axis& axis, double size) {
  const auto above = std::upper_bound(axis.sizes.begin(), axis.sizes.end(), size);
  if (above == axis.sizes.begin()) return {0, 0.0};
  const auto below = static_cast<std::size_t>(above - axis.sizes.begin()) - 1;
  if (above == axis.sizes.end() || axis.sizes[below] == size) return {below, 0.0};
  return {below, (std::log(size) - axis.logs[below]) / (axis.logs[below + 1] - axis.logs[below])};
}

void RatioSurface::fill(const std::vector<Point>& points) {
  const std::size_t columns = ys().size();
  log_ratios_.assign(xs().size() * columns, 0.0);
  std::vector<double> counts(log_ratios_.size(), 0.0);
  std::vector<std::array<std::size_t, 2>> measured;
  for (const Point& point : points) {
    const std::size_t x = position(axes_[0], point.x).below, y = position(axes_[1], point.y).below;
    double& count = counts[x * columns + y];
    if (count == 0.0) measured.push_back({x, y});
    count += 1.0;
    at(x, y) += (point.log_ratio - at(x, y)) / count;
  }
  std::sort(measured.begin(),
            measured.end());  // of points equally near the first counts, whatever their order
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0.0) continue;
    double nearest = std::numeric_limits<double>::infinity();
    for (const auto& [x, y] : measured) {
      const double away = std::hypot(axes_[0].logs[x] - axes_[0].logs[i / columns],
                                     axes_[1].logs[y] - axes_[1].logs[i % columns]);
      if (away >= nearest) continue;
      nearest = away;
      log_ratios_[i] = at(x, y);
    }
  }
}

}  // namespace switchyard
