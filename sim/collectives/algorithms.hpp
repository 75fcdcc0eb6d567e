// The functions behind the menu of regular collectives, one .cpp each.
#pragma once

#include <span>

#include "sim/collectives/collective.hpp"

namespace switchyard {

CollectiveCost ring_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                               const Transport& transport);
CollectiveCost ring_all_gather(const LinkGraph& graph, std::span<const GpuId> group,
                               const Transport& transport);
CollectiveCost ring_reduce_scatter(const LinkGraph& graph, std::span<const GpuId> group,
                                   const Transport& transport);
CollectiveCost pairwise_all_to_all(const LinkGraph& graph, std::span<const GpuId> group,
                                   const Transport& transport);
CollectiveCost send_to_next(const LinkGraph& graph, std::span<const GpuId> group, const Transport& transport);

}  // namespace switchyard
