// The menu of regular collectives: a new algorithm is one .cpp and one row.
#include <array>

#include "sim/collectives/algorithms.hpp"

namespace switchyard {

std::span<const CollectiveAlgorithm> collective_algorithms() {
  static constexpr std::array<CollectiveAlgorithm, 5> kMenu = {{
      {"ring_all_reduce", "all_reduce",
       "Reduce-scatter, then all-gather around a ring (Patarasuk and Yuan 2009; NCCL's Ring)",
       &ring_all_reduce},
      {"ring_all_gather", "all_gather", "Every part goes once around a ring (NCCL's Ring)", &ring_all_gather},
      {"ring_reduce_scatter", "reduce_scatter", "Every part is summed once around a ring (NCCL's Ring)",
       &ring_reduce_scatter},
      {"pairwise_all_to_all", "all_to_all",
       "Every GPU sends its part to every other directly (NCCL's grouped send and receive)",
       &pairwise_all_to_all},
      {"send", "send", "Every GPU hands the message on to the next of the group: a pipeline's stages",
       &send_to_next},
  }};
  return kMenu;
}

}  // namespace switchyard
