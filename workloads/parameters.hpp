// Parameter counts and KV bytes from the architecture alone.
#pragma once

#include <cstdint>

#include "workloads/architecture.hpp"

namespace switchyard {

/// Parameters of one layer by role; what tensor parallelism and precision treat differently.
struct LayerParameters {
  std::int64_t attention = 0;  // projections and biases
  std::int64_t attention_norms = 0;
  std::int64_t dense_ffn = 0;
  std::int64_t gate = 0;           // router matrix and biases
  std::int64_t routed_expert = 0;  // ONE routed expert
  std::int64_t shared_expert = 0;
  std::int64_t ffn_norms = 0;
};
LayerParameters parameters_of(const Layer& layer, std::int64_t hidden_size);

struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t active = 0;  // all that one token uses, embedding and head included
  std::int64_t embedding = 0;
  std::int64_t head = 0;  // 0 when tied
};
ParameterCount count_parameters(const Architecture& architecture);

/// KV-cache elements that one token adds in one layer, all heads (MLA: the latent vector). Sliding layers
/// too: the pool is sized as if every layer kept every token, vLLM's rule without its hybrid allocator.
std::int64_t kv_elements_per_token(const Attention& attention);
Bytes kv_bytes_per_token(const Architecture& architecture, Precision kv_cache);

/// All weights in the given formats (embeddings, head, gates, norms in bf16).
Bytes weight_bytes(const Architecture& architecture, const CheckpointPrecision& precision);

/// Forward FLOPs of one token at this context (tokens already in the cache): 2 a weight used, plus attention.
Flops flops_per_token(const Architecture& architecture, std::int64_t context);

}  // namespace switchyard
