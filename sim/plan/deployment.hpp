// How a model is spread over GPUs: vLLM's parallel sizes, the rank table, and the groups that talk to each
// other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/expert_placement.hpp"
#include "sim/collectives/exchange.hpp"
#include "topologies/cluster.hpp"
#include "topologies/link_graph.hpp"
#include "workloads/architecture.hpp"
#include "workloads/work.hpp"

namespace switchyard {

/// GPUs = replicas x dp x pp x tp. For models without MoE layers dp is `replicas` by another name (see
/// normalised()).
struct Deployment {
  std::int64_t replicas = 1;
  std::int64_t tensor_parallel_size = 1;
  std::int64_t pipeline_parallel_size = 1;
  std::int64_t data_parallel_size = 1;
  bool enable_expert_parallel = false;
  std::string expert_placement = "linear";  // a row of kernels' expert_placements()
  bool enable_eplb = false;                 // experts are placed by load, whatever expert_placement says
  std::int64_t num_redundant_experts = 0;   // slots of a layer beyond one an expert; with EPLB only
  std::string all2all_backend = "allgather_reducescatter";  // a row of all2all_backends()
  bool enable_dbo = false;  // the halves of a batch take turns computing and exchanging tokens,
  std::int64_t dbo_decode_token_threshold = 32;    // where every rank has so many tokens, of decodes alone
  std::int64_t dbo_prefill_token_threshold = 512;  // or with prompts

  std::int64_t gpus_per_replica() const {
    return data_parallel_size * pipeline_parallel_size * tensor_parallel_size;
  }
  std::int64_t gpus() const { return replicas * gpus_per_replica(); }
  /// Ranks that hold different experts: tp x dp with expert parallelism, else 1.
  std::int64_t expert_ranks() const {
    return enable_expert_parallel ? tensor_parallel_size * data_parallel_size : 1;
  }
  /// The placement in effect: with EPLB the one named, if that balances, else "eplb".
  const ExpertPlacement& placement() const;
  Sharding sharding() const;
};

/// How dp ranks exchange tokens around the experts.
struct All2AllBackend {
  std::string_view name;
  std::string_view description;
};
std::span<const All2AllBackend> all2all_backends();
/// That moves tokens one by one; null for allgather_reducescatter, which is made of regular collectives.
const ExchangeBackend* exchange_backend(std::string_view name);
/// Its calls return before the tokens have arrived, so work can run beside it.
bool is_asynchronous(std::string_view backend);

/// dp folded into replicas when nothing routes.
Deployment normalised(const Deployment& deployment, const Architecture& architecture);

/// Throws Mismatch, naming /deployment/…, when sizes do not divide heads, layers or experts, or need more
/// GPUs than there are.
void check(const Deployment& deployment, const Architecture& architecture, const Cluster& cluster,
           const std::string& source);

/// One row a GPU in use. tp varies fastest, then pp, then dp, then the replica: vLLM's order of ranks.
struct RankRow {
  std::int64_t rank = 0, replica = 0, data_parallel = 0, pipeline = 0, tensor = 0, expert = 0, node = 0,
               gpu = 0;
};
std::vector<RankRow> rank_table(const Deployment& deployment, const Cluster& cluster);

/// The GPUs of one replica that form a group.
std::vector<GpuId> tensor_group(const Deployment& deployment, std::int64_t replica,
                                std::int64_t data_parallel, std::int64_t pipeline);
/// All tp x dp GPUs of one stage, dp-major: expert rank order.
std::vector<GpuId> expert_group(const Deployment& deployment, std::int64_t replica, std::int64_t pipeline);

/// Equal blocks of expert ranks that are on a node each: 1 where the ranks of a replica's stage do not lie so
/// (vLLM's rule for EPLB). Of the first replica's first stage.
std::int64_t expert_nodes(const Deployment& deployment, const Cluster& cluster);

/// Layers [first, last) of a stage: as even as possible; the remainder goes to the last stages but one, since
/// the last has the head (vLLM's get_pp_indices).
struct LayerRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
LayerRange stage_layers(const Architecture& architecture, std::int64_t stages, std::int64_t stage);

}  // namespace switchyard
