// All-reduce of a buffer of S bytes per GPU: each GPU sends 2 (n-1)/n S to the next, in 2 (n-1) steps.
#include "sim/collectives/algorithms.hpp"
#include "sim/collectives/ring.hpp"

namespace switchyard {

CollectiveCost ring_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                               const Transport& transport) {
  return ring_cost(graph, group, transport, 2);
}

}  // namespace switchyard
