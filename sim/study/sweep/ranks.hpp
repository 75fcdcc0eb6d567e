// A sweep on the ranks that a launcher of MPI started: the first leads, and all simulate, itself included.
// The program is linked with one of two: mpi/ranks.cpp, or without_mpi/ranks.cpp, which refuses.
#pragma once

#include <cstddef>
#include <functional>

#include "sim/study/sweep/point_work.hpp"
#include "sim/study/sweep/study_file.hpp"

namespace switchyard {

/// How many processes mpirun or srun started together with this one; 1 without them.
std::size_t started_ranks();

/// On the first rank: `lead`, with a crew of all ranks; returns what it returns. On the others: simulates
/// what the first hands out, points of the study that `study` reads, until that is done; returns 0. What a
/// rank cannot do ends the whole job. Throws InputError when MPI is not there.
int lead_or_follow(const std::function<int(const MakeCrew&)>& lead, const std::function<Study()>& study);

}  // namespace switchyard
