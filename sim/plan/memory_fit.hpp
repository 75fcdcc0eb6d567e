// What a GPU's memory holds: weights, activations, the runtime's reserve, and the KV pool that is left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/cost/engine_profile.hpp"
#include "sim/plan/deployment.hpp"
#include "topologies/cluster.hpp"
#include "workloads/work.hpp"

namespace switchyard {

/// The engine's limits that memory and scheduling depend on (vLLM's names).
struct EngineLimits {
  std::int64_t max_num_seqs = 256;
  std::int64_t max_num_batched_tokens = 8192;  // of one micro-batch
  std::int64_t micro_batches = 1;              // in flight at once: pipeline stages
  std::int64_t max_model_len = 0;
  std::int64_t block_size = 16;
  double gpu_memory_utilization = 0.9;
  std::optional<std::int64_t> num_gpu_blocks_override;
};

/// Of a rank of the pipeline stage with the least room for KV blocks; the pool is per attention data-parallel
/// rank.
struct MemoryFit {
  Bytes gpu;                 // physical
  Bytes usable;              // x gpu_memory_utilization
  Bytes weights;             // of which:
  Bytes expert_weights;      //   routed experts
  Bytes vocabulary_weights;  //   embedding and head
  Bytes activations;         // peak of one step at max_num_batched_tokens
  Bytes runtime_reserve;
  Bytes states;  // linear attention's, of max_num_seqs sequences
  Bytes kv_pool;
  Bytes kv_bytes_per_token;  // on this rank
  std::int64_t num_gpu_blocks = 0;
  std::int64_t block_size = 16;

  std::int64_t kv_tokens() const { return num_gpu_blocks * block_size; }
};

/// The same as fit_memory() says, in fewer words: none where that refuses.
std::optional<MemoryFit> find_fit(const Architecture& architecture, const ModelPrecision& precision,
                                  const Deployment& deployment, const Cluster& cluster,
                                  const EngineProfile& engine, const EngineLimits& limits);

/// vLLM's rule: pool = gpu_memory_utilization x memory - weights - peak activations - reserve, in whole
/// blocks; a pool that cannot hold one sequence of max_model_len is refused, as vLLM refuses to start. Throws
/// Infeasible with the table and the smallest change that would fit.
MemoryFit fit_memory(const Architecture& architecture, const ModelPrecision& precision,
                     const Deployment& deployment, const Cluster& cluster, const EngineProfile& engine,
                     const EngineLimits& limits);

}  // namespace switchyard
