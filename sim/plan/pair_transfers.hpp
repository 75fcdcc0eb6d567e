// Who sends how much to whom in an uneven exchange, when only each rank's sums are known: for the one level
// of fidelity that simulates every transfer.
#pragma once

#include <span>
#include <vector>

#include "sim/collectives/collective.hpp"
#include "sim/collectives/exchange.hpp"

namespace switchyard {

/// Spreads what each rank of the group sends over what its peers receive, in proportion (Deming and Stephan
/// 1940), inside nodes and between them apart. In busy bytes: scaled so that they put on links what `loads`,
/// the exchange's own, say in all. Between nodes of kernels that land at the sender's own place, only those
/// places meet. Cost: ranks squared.
std::vector<Transfer> pair_transfers(const LinkGraph& graph, std::span<const GpuId> group,
                                     std::span<const RankTraffic> traffic, std::span<const LinkLoad> loads,
                                     Landing landing);

}  // namespace switchyard
