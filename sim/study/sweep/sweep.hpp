// Running a study's points: those in the journal are taken from it, the others simulated by a crew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/progress.hpp"
#include "sim/study/journal.hpp"
#include "sim/study/sweep/point_work.hpp"
#include "sim/study/sweep/study_file.hpp"

namespace switchyard {

/// Every count-th point from index on (from 0).
struct Shard {
  std::uint64_t index = 0, count = 1;
};

/// A study's points in order, and their keys in the journal, of their banks and of their operators' times.
struct CheckedPoints {
  std::vector<std::uint64_t> points, keys, banks, costs;
  std::map<std::uint64_t, PointOutcome>
      infeasible;  // those whose values do not go together; their keys are 0
};

/// Reads every point's scenario, so that wrong input is found before anything is simulated or written. Throws
/// InputError that names the point. Sizes that do not go together are an outcome: a grid has such points.
CheckedPoints check_points(const Study& study, Shard shard);

class Sweep {
 public:
  /// `study` and `journal` must outlive the sweep.
  Sweep(const Study& study, CheckedPoints checked, Journal& journal);

  const std::vector<std::uint64_t>& points() const { return checked_.points; }
  std::uint64_t taken_from_journal() const {
    return points().size() - checked_.infeasible.size() - pending_.size();
  }

  /// Points that are neither infeasible nor in the journal.
  const std::vector<PendingPoint>& pending() const { return pending_; }

  /// Simulates those; false when interrupted, with what was finished in the journal. What a process could not
  /// do even at its second try is an outcome "failed: …", kept here and not in the journal: the next
  /// sweep tries again. Throws InputError that names the point when its input turns out wrong only in
  /// simulation.
  bool run(const MakeCrew& make_crew, Interruption& interruption);

  /// Of a point that was run or taken from the journal.
  PointOutcome outcome(std::uint64_t point) const;
  std::size_t failures() const { return failures_.size(); }
  std::size_t finished() const;

 private:
  std::size_t place_of(std::uint64_t point) const;
  std::uint64_t key_of(std::uint64_t point) const { return checked_.keys[place_of(point)]; }
  void record(const Crew::Ended& ended);

  const Study& study_;
  CheckedPoints checked_;
  Journal& journal_;
  std::vector<PendingPoint> pending_;
  std::map<std::uint64_t, PointOutcome> failures_;
};

}  // namespace switchyard
