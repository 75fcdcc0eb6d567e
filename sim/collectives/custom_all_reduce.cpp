// All-reduce by one kernel over NVLink, as vLLM and TensorRT-LLM have it: each GPU reads all its peers'
// buffers (one shot: (n - 1) S over its link), or sums the parts that are its own and reads the others' sums
// (two shots: 2 (n - 1)/n S, as a ring, but in two steps). Groups across nodes, large ones and large messages
// go to NCCL.
#include "sim/collectives/custom_all_reduce.hpp"

#include <algorithm>

#include "sim/collectives/algorithms.hpp"
#include "sim/collectives/groups.hpp"
#include "sim/collectives/load_sum.hpp"
#include "sim/collectives/nccl.hpp"

namespace switchyard {
namespace {

CollectiveCost read_peers(const LinkGraph& graph, std::span<const GpuId> group, double share, double per_peer,
                          Seconds latency) {
  Transport transport;
  transport.nvlink_efficiency = share;
  LoadSum loads(graph, transport);
  for (const GpuId from : group)
    for (const GpuId to : group) loads.add(from, to, per_peer);
  return loads.cost(latency);
}

/// The kernels read and write each other's memory over NVLink (or xGMI), in groups of two or of even size
/// (vLLM's custom_all_reduce.py: world sizes 2, 4, 6, 8, and beyond 2 only what is fully connected).
bool suits(const LinkGraph& graph, std::span<const GpuId> group) {
  if (group.size() == 2) return true;
  if (group.size() % 2 != 0) return false;
  for (const GpuId from : group)
    for (const GpuId to : group)
      for (const LinkId link : graph.route(from, to))
        if (graph.links()[link].kind != LinkKind::nvlink && graph.links()[link].kind != LinkKind::xgmi)
          return false;
  return true;
}

Collective custom(const LinkGraph& graph, std::span<const GpuId> group,
                  const CollectiveParameters& parameters, const CustomAllReduce& kernel) {
  Collective nccl = nccl_all_reduce(graph, group, parameters);
  const auto range = std::find_if(kernel.ranges.begin(), kernel.ranges.end(),
                                  [&](const auto& r) { return group.size() <= r.gpus; });
  if (group.size() < 2 || range == kernel.ranges.end() || by_node(graph, group).size() > 1 ||
      !suits(graph, group))
    return nccl;
  const double n = static_cast<double>(group.size());
  const Bytes two_from = std::min(range->two_shot_from, range->largest);
  std::vector<CollectivePiece> pieces{
      {"one-shot",
       read_peers(graph, group, kernel.one_shot_share, 1.0, kernel.one_shot_base + parameters.nvlink_latency),
       {},
       two_from},
      {"two-shot",
       read_peers(graph, group, kernel.two_shot_share, 2.0 / n,
                  kernel.two_shot_base + 2.0 * parameters.nvlink_latency),
       two_from, range->largest}};
  for (CollectivePiece piece : nccl.pieces()) {
    piece.from = std::max(piece.from, range->largest);
    if (piece.from < piece.below) pieces.push_back(std::move(piece));
  }
  return Collective(std::move(pieces));
}

}  // namespace

Collective tensorrt_llm_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                                   const CollectiveParameters& parameters) {
  return custom(graph, group, parameters, parameters.tensorrt_llm);
}

Collective vllm_all_reduce(const LinkGraph& graph, std::span<const GpuId> group,
                           const CollectiveParameters& parameters) {
  return custom(graph, group, parameters, parameters.vllm);
}

}  // namespace switchyard
