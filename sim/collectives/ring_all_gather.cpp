// All-gather with a result of S bytes: each GPU passes on the (n-1)/n S that its neighbour lacks, in n-1
// steps.
#include "sim/collectives/algorithms.hpp"
#include "sim/collectives/ring.hpp"

namespace switchyard {

CollectiveCost ring_all_gather(const LinkGraph& graph, std::span<const GpuId> group,
                               const Transport& transport) {
  return ring_cost(graph, group, transport, 1);
}

}  // namespace switchyard
