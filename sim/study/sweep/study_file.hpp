// A study: one scenario and lists of values for places in it, expanded to points.
//
//   {"title": "…", "question": "…",                        // optional, for the page
//    "scenario": {…} or "path",                            // a path starts at the study's folder
//    "sweep": {"/workload/arrivals/rate": [1, 2, 4]},      // a grid: every combination
//    "zip": {"/cluster": ["hgx-h100", "hgx-h200"],         // lists that advance together: one more axis
//            "/deployment/tensor_parallel_size": [8, 4]}}
//
// Axes keep the file's order, "zip" where it stands beside "sweep": the first varies slowest. A value may be
// any JSON, e.g. a whole cluster; null stands for the default.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/scenario.hpp"

namespace switchyard {

/// Lists that advance together; one list in a grid's axis.
struct Axis {
  std::vector<std::string> pointers;      // into the scenario
  std::vector<std::vector<Json>> values;  // one list a pointer, all of the same length, never empty
  std::uint64_t size() const { return values.front().size(); }
};

struct Study {
  std::string source;  // file name, for messages
  std::string title;   // the file's name without one
  std::string question;
  std::string scenario_source;  // where the scenario came from, for messages
  std::string base_folder;      // relative paths in the scenario start there
  Json scenario;                // as written, the overrides laid over it
  std::vector<Axis> axes;

  std::uint64_t points() const;
  /// All swept pointers, in order.
  std::vector<std::string> pointers() const;
};

/// More points than this are refused.
inline constexpr std::uint64_t kMostPoints = 1'000'000;

/// Overrides apply to the scenario before anything is swept. Throws InputError on unknown keys, empty lists,
/// lists of unequal length under "zip", a pointer given twice or hidden by a later one, pointers to places
/// that a scenario cannot have, and overrides of what is swept.
Study read_study(const std::string& path, const std::vector<Override>& overrides);

/// The swept values of a point (from 0), as many as pointers().
std::vector<Json> values_of(const Study& study, std::uint64_t point);

/// "study.json: point 3 of 12 (/seed = 4)".
std::string name_of_point(const Study& study, std::uint64_t point);

/// A point's scenario as JSON, not yet checked.
Json scenario_json_of(const Study& study, std::uint64_t point);

/// A point's scenario. Throws InputError that names the point, also when there is no workload to simulate,
/// and Mismatch as it comes.
Scenario scenario_of(const Study& study, std::uint64_t point);

/// The study as it was run: the scenario in full, paths of existing files absolute. Reads back to the same
/// points.
Json to_json(const Study& study);

}  // namespace switchyard
