// An exchange of expert parallelism alone: tokens whose experts are drawn uniformly.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/collectives/exchange.hpp"

namespace switchyard {

/// What each rank of the group (node by node, nodes filled alike) sends and receives on average in one
/// direction of an exchange of `tokens` tokens a rank, `row` bytes a copy. Backends that send per node route
/// a token to at most kMostNodesOfToken nodes. Groups that fill their nodes unevenly: per_expert only, or a
/// law is broken.
std::vector<RankTraffic> uniform_traffic(const LinkGraph& graph, std::span<const GpuId> group, Copies copies,
                                         const ExchangeShape& shape, double tokens, Bytes row);

/// Bytes of a copy: DeepEP dispatches fp8 with an fp32 scale for every 128 elements; others, and every
/// combine, bf16.
Bytes fp8_row(std::int64_t hidden);
Bytes bf16_row(std::int64_t hidden);

}  // namespace switchyard
