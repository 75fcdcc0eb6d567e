// Reduce-scatter of an input of S bytes per GPU: each GPU passes on (n-1)/n S of partial sums, in n-1 steps.
#include "sim/collectives/algorithms.hpp"
#include "sim/collectives/ring.hpp"

namespace switchyard {

CollectiveCost ring_reduce_scatter(const LinkGraph& graph, std::span<const GpuId> group,
                                   const Transport& transport) {
  return ring_cost(graph, group, transport, 1);
}

}  // namespace switchyard
