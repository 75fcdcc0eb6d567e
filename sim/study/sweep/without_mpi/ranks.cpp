// The program without MPI: of several copies of it each would do the whole sweep, in one folder.
#include "sim/study/sweep/ranks.hpp"

#include "sim/base/error.hpp"

namespace switchyard {

int lead_or_follow(const std::function<int(const MakeCrew&)>&, const std::function<Study()>&) {
  throw InputError(
      "switchyard sweep",
      "was started as " + std::to_string(started_ranks()) +
          " processes, but this program was built without MPI; build it with `cmake --preset mpi`, or "
          "start it once and give --jobs");
}

}  // namespace switchyard
