// Point to point: every GPU but the last of the group sends the message to the next one, all at the same
// time.
#include "sim/collectives/algorithms.hpp"
#include "sim/collectives/groups.hpp"
#include "sim/collectives/load_sum.hpp"

namespace switchyard {

CollectiveCost send_to_next(const LinkGraph& graph, std::span<const GpuId> group,
                            const Transport& transport) {
  if (group.size() < 2) return {};
  LoadSum loads(graph, transport);
  for (std::size_t i = 0; i + 1 < group.size(); ++i) loads.add(group[i], group[i + 1], 1.0);
  const bool in_one_node = by_node(graph, group).size() == 1;
  return loads.cost(transport.base_latency + (in_one_node ? transport.nvlink_step : transport.fabric_step));
}

}  // namespace switchyard
