// What launchers leave in the environment of what they start.
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "sim/study/sweep/ranks.hpp"

namespace switchyard {

std::size_t started_ranks() {
  constexpr std::array<const char*, 3> kCounts = {
      "OMPI_COMM_WORLD_SIZE",  // mpirun of Open MPI
      "PMI_SIZE",              // mpiexec of MPICH and of Intel MPI
      "SLURM_STEP_NUM_TASKS",  // srun
  };
  for (const char* name : kCounts) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    const std::string_view text = value;
    std::size_t count = 1;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
  }
  return 1;
}

}  // namespace switchyard
