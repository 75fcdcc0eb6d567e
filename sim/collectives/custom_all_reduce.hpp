// All-reduce by an engine's own kernel.
#pragma once

#include "sim/collectives/collective.hpp"
#include "sim/collectives/parameters.hpp"

namespace switchyard {

Collective tensorrt_llm_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                                   const CollectiveParameters& parameters);
Collective vllm_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters);

}  // namespace switchyard
