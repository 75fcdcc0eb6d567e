// A sweep's results: sweep.csv and report.html. Both depend on the points alone, not on the order in which
// they finished.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/report/page.hpp"
#include "sim/study/point.hpp"
#include "sim/study/sweep/study_file.hpp"

namespace switchyard {

/// The points of a table, in order, and where their outcomes come from (asked for more than once).
struct SweepResults {
  std::vector<std::uint64_t> points;
  std::function<PointOutcome(std::uint64_t point)> outcome;
};

/// One row a point: the swept pointers, the figures of summary.json (without the wall times), verdict,
/// reason. A figure that a point does not have is an empty cell; objects and lists are compact JSON.
std::string sweep_csv(const Study& study, const SweepResults& results);

/// A page of more points than this shows the first.
inline constexpr std::size_t kMostPointsOnPage = 5000;

SweepPage sweep_page_of(const Study& study, const SweepResults& results);

}  // namespace switchyard
