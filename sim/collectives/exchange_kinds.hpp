// The functions behind the menu of exchanges, one .cpp each.
#pragma once

#include "sim/collectives/exchange.hpp"

namespace switchyard {

std::unique_ptr<Exchange> pairwise_exchange(const LinkGraph& graph, std::vector<GpuId> group,
                                            const CollectiveParameters& parameters,
                                            const ExchangeShape& shape);
std::unique_ptr<Exchange> hierarchical_exchange(const LinkGraph& graph, std::vector<GpuId> group,
                                                const CollectiveParameters& parameters,
                                                const ExchangeShape& shape);
std::unique_ptr<Exchange> deepep_normal(const LinkGraph& graph, std::vector<GpuId> group,
                                        const CollectiveParameters& parameters, const ExchangeShape& shape);
std::unique_ptr<Exchange> deepep_low_latency(const LinkGraph& graph, std::vector<GpuId> group,
                                             const CollectiveParameters& parameters,
                                             const ExchangeShape& shape);

}  // namespace switchyard
