// Parameter counts and KV bytes from the architecture alone.
#pragma once

#include <cstdint>

#include "workloads/architecture.hpp"

namespace switchyard {

/// Parameters of one layer by role; what tensor parallelism and precision treat differently.
struct LayerParameters {
  std::int64_t attention = 0;  // projections and biases of every mixer; cross-attention too
  std::int64_t norms = 0;
  std::int64_t dense_ffn = 0;
  std::int64_t gate = 0;           // router matrix and biases, the shared expert's gate
  std::int64_t routed_expert = 0;  // ONE routed expert
  std::int64_t shared_expert = 0;
  std::int64_t latent_projection = 0;  // to and from the routed experts' latent
};
LayerParameters parameters_of(const Layer& layer, std::int64_t hidden_size);

struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t active = 0;  // all that one token uses, embedding and head included
  std::int64_t embedding = 0;
  std::int64_t head = 0;  // 0 when tied
};
ParameterCount count_parameters(const Architecture& architecture);

/// Active parameters as the vendor counts them.
std::int64_t active_by_convention(const ParameterCount& count, PublishedParameters::Active convention);

/// KV-cache elements that one token adds in one layer, all heads (MLA: the latent vector). Sliding layers
/// too: the pool is sized as if every layer kept every token, vLLM's rule without its hybrid allocator.
/// Nothing for linear attention and encoders.
std::int64_t kv_elements_per_token(const Layer& layer);
/// An indexer's key, in fp8 with one fp32 scale for 128 elements, whatever the KV cache's format.
Bytes indexer_bytes_per_token(const Layer& layer);
Bytes kv_bytes_per_token(const Architecture& architecture, Precision kv_cache);

/// All weights in the given formats (embeddings, head, gates, norms in bf16).
Bytes weight_bytes(const Architecture& architecture, const PrecisionByRole& precision);

/// The recurrent state of one sequence in one layer, all heads: fp32 as engines keep it, and the inputs that
/// the convolution looks back to in bf16. 0 without linear attention.
Bytes state_bytes(const LinearAttention& linear);

/// Forward FLOPs of one token at this context (tokens already in the cache): 2 a weight used, plus attention.
/// Of a convolutional network: of one image.
Flops flops_per_token(const Architecture& architecture, std::int64_t context);

}  // namespace switchyard
