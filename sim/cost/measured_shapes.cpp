// The grid of shapes is never laid out: only the corners that a place asks for.
#include "sim/cost/measured_shapes.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

/// Two sizes around one, and how far it is on the way between them.
struct Around {
  double below, above;
  double share;
};

Around around(const std::vector<double>& axis, double size) {
  const auto above = std::lower_bound(axis.begin(), axis.end(), size);
  if (above == axis.begin()) return {axis.front(), axis.front(), 0.0};
  if (above == axis.end()) return {axis.back(), axis.back(), 0.0};
  const double below = *(above - 1);
  return {below, *above, (size - below) / (*above - below)};
}

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

}  // namespace

MeasuredShapes::MeasuredShapes(const std::map<ShapePlace, std::vector<RatioSurface::Point>>& points) {
  for (const auto& [place, of_place] : points) {
    Kind& kind = kinds_[place.kind];
    kind.axes.resize(place.logs.size());
    for (std::size_t i = 0; i < place.logs.size(); ++i) kind.axes[i].push_back(place.logs[i]);
    kind.surfaces.emplace(place.logs, RatioSurface(of_place));
  }
  for (auto& [key, kind] : kinds_) {
    for (std::vector<double>& axis : kind.axes) {
      std::sort(axis.begin(), axis.end());
      axis.erase(std::unique(axis.begin(), axis.end()), axis.end());
    }
  }
}

std::optional<RatioSurface> MeasuredShapes::at(const ShapePlace& place) const {
  const auto found = kinds_.find(place.kind);
  if (found == kinds_.end()) return std::nullopt;
  const Kind& kind = found->second;
  ensure(place.logs.size() == kind.axes.size(), "shapes of a table have the same sizes");
  if (const auto same = kind.surfaces.find(place.logs); same != kind.surfaces.end()) return same->second;
  std::vector<std::pair<double, std::vector<double>>> corners = {{1.0, {}}};
  for (std::size_t i = 0; i < place.logs.size(); ++i) {
    const auto [below, above, share] = around(kind.axes[i], place.logs[i]);
    std::vector<std::pair<double, std::vector<double>>> split;
    for (const auto& [weight, corner] : corners) {
      for (const auto& [part, size] : {std::pair(1.0 - share, below), std::pair(share, above)}) {
        if (part <= 0.0) continue;
        split.emplace_back(weight * part, corner);
        split.back().second.push_back(size);
      }
    }
    corners = std::move(split);
  }
  std::vector<RatioSurface::Share> shares;
  for (const auto& [weight, corner] : corners) shares.push_back({weight, &nearest(kind, corner)});
  return RatioSurface::mixture(shares);
}

const RatioSurface& MeasuredShapes::nearest(const Kind& kind, const std::vector<double>& corner) {
  const auto closest =
      std::min_element(kind.surfaces.begin(), kind.surfaces.end(), [&](const auto& a, const auto& b) {
        return squared_distance(a.first, corner) < squared_distance(b.first, corner);
      });
  return closest->second;
}

}  // namespace switchyard
