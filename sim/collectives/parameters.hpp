// What collectives cost beyond bytes on links: latencies of software and the shares of rates that it reaches.
// Measured on the cluster's GPU or, where it was not, on the nearest that was: fit.py writes gpus/*.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

/// Latencies here are of software alone: the wires' are the cluster's, and added for each step.
struct NcclProtocol {
  Seconds base, step;   // of a call; of a hop inside a node
  Seconds fabric_step;  // of a ring's hop between nodes
  Seconds tree_step;    // of a tree's
};

/// NCCL's rings and trees. Its protocols: LL sends a flag with every word, LL128 one with every 120 bytes,
/// Simple sends bare data and synchronises by chunk.
struct NcclRings {
  NcclProtocol ll, ll128, simple;
  BytesPerSecond ll_rate;  // small messages use few channels
  double ll128_share = 1.0;
  double all_reduce_share = 1.0, all_gather_share = 1.0, reduce_scatter_share = 1.0;  // of Simple
  double all_reduce_loss = 0.0, gather_loss = 0.0;  // a ring of n GPUs reaches 1 - loss / n of its share
  /// Where NCCL goes over to Simple inside a node, which is later than the other protocols serve it well: so
  /// many bytes for each GPU of the group.
  Bytes all_reduce_simple_from, gather_simple_from;
  double fabric_share = 1.0;  // of the NICs' rate, with Simple
};

/// Grouped sends and receives. LL: each peer's message at the rate of one channel.
struct NcclPairs {
  Seconds ll_base, simple_base, round;  // round: for each peer
  BytesPerSecond ll_rate;
  double share = 1.0, small_group_loss = 0.0;
};

/// All-reduce by the switches (NVLink SHARP): for groups of more than kFewGpusForNvls in one NVLink domain;
/// across domains for more than kFewGpusForNvlsTree in each.
struct Nvls {
  Seconds base;
  double share = 1.0;       // of NVLink's rate, over which a GPU sends and receives (1 + 1/n) of the buffer
  Seconds tree_step;        // of the trees between nodes
  double tree_share = 1.0;  // of `share`, where sums go by NICs before they return
};
/// Up to 4 GPUs NVLS is no faster than rings (nccl issue 1455), for 2 NCCL has none (ncclNvlsInit).
inline constexpr std::size_t kFewGpusForNvls = 4, kFewGpusForNvlsTree = 2;

struct NcclParameters {
  NcclRings rings;
  NcclPairs pairs;
  std::optional<Nvls> nvls;  // none: the switches cannot
};

/// All-reduce by a kernel that reads its peers' buffers: all of each (one shot), or a part of each and then
/// the other parts' sums (two shots). Larger messages and groups go to NCCL.
struct CustomAllReduce {
  struct Range {
    std::size_t gpus = 0;  // groups up to this size
    Bytes two_shot_from, largest;
  };
  Seconds one_shot_base, two_shot_base;
  double one_shot_share = 1.0, two_shot_share = 1.0;  // of NVLink's rate
  std::vector<Range> ranges;                          // ascending
};

/// One direction of DeepEP's low-latency kernels: one copy of a token straight to each chosen expert.
struct LowLatencyKernel {
  Seconds base;           // of a group in one node
  Seconds per_expert;     // of the model's: counts and flags are per expert
  Seconds per_row_byte;   // until the first copy is under way
  Seconds between_nodes;  // instead of these, of a group that spans nodes
  double nvlink_share = 1.0, fabric_share = 1.0;
  /// Per byte of a token's bf16 vector, on the one multiprocessor that casts and sends it. 0: no limit.
  Seconds per_sent_byte;
};

/// One direction of DeepEP's normal kernels inside a node. Work is that of all multiprocessors together.
struct NormalKernelInNode {
  Seconds base, per_row_byte;  // latency
  double nvlink_share = 1.0;
  Seconds work_per_token, work_per_copy, work_per_byte;  // copies to the own rank count
  double filling = 1.0;     // while the pipeline fills, transfers take so many times as long
  Seconds longest_filling;  // but not more than this in all
};

/// The same across nodes: a copy to each node over InfiniBand, then one to each rank over NVLink.
struct NormalKernelAcrossNodes {
  Seconds base;
  double fabric_share = 1.0;
  Seconds work_per_byte;  // of all copies to nodes and to ranks, those to the own ones too
  double filling = 1.0;
  Seconds longest_filling;
  /// Of the kernel before, which tells the peers what comes; tests of collectives leave it out of their time,
  /// engines do not. Zero of a dispatch: an engine's host time of an exchange holds it.
  Seconds notify;
};

struct DeepEpParameters {
  double multiprocessors = 0.0;  // of the GPU
  double normal_sms = 0.0;       // that the normal kernels use
  /// The GPU of another generation that they were measured on; empty: one of this.
  std::string lent_in_node, lent_between_nodes;
  LowLatencyKernel low_latency_dispatch, low_latency_combine;
  NormalKernelInNode normal_dispatch_in_node, normal_combine_in_node;
  NormalKernelAcrossNodes normal_dispatch_across, normal_combine_across;
};

struct CollectiveParameters {
  std::string gpu;                         // that they were measured on
  std::string source;                      // of the measurements
  Seconds nvlink_latency, fabric_latency;  // the cluster's; of the longest crossing between two nodes
  NcclParameters nccl;
  CustomAllReduce tensorrt_llm, vllm;
  DeepEpParameters deepep;
};

/// Of the GPU's own measurements, or of the measured GPU of its generation, for groups among the first `gpus`
/// of the cluster, whose graph this is: crossings take the latency of their routes (crossing_latency), of a
/// free graph the cluster's.
CollectiveParameters collective_parameters(const Cluster& cluster, const LinkGraph& graph, GpuId gpus);

/// The GPUs that have measurements.
std::vector<std::string> measured_collective_gpus();

}  // namespace switchyard
