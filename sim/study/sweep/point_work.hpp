// The work of a sweep: a study's points, each simulated in a process of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/study/crew.hpp"
#include "sim/study/sweep/study_file.hpp"

namespace switchyard {

/// A point that is to be simulated, and the keys of what it may share (shared_parts.hpp).
struct PendingPoint {
  std::uint64_t point = 0, bank = 0, cost = 0;
};

/// Who does a sweep's work: so many processes that fork, each of them with so many forks and so many threads
/// that build a bank together before.
struct Parents {
  std::size_t count = 1;
  std::size_t jobs = 1;
};

/// Simulates `points`; their numbers are the tasks, and point.hpp reads the answers. What more of them
/// share than there are parents is built once, in the process that is forked. `study` must outlive the work.
Work point_work(const Study& study, const std::vector<PendingPoint>& points, const Parents& parents);

/// A crew that does this work. Both must outlive it.
using MakeCrew =
    std::function<std::unique_ptr<Crew>(const Study& study, const std::vector<PendingPoint>& points)>;

/// At most `jobs` processes of this machine at once.
MakeCrew local_crew(std::size_t jobs);

}  // namespace switchyard
