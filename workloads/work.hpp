// What one layer asks of one GPU: matrix products, attention and expert work, already cut among ranks. Sizes
// only; time is the business of sim/cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/base/breakdown.hpp"
#include "workloads/architecture.hpp"

namespace switchyard {

/// How many ranks share a layer's matrices.
struct Sharding {
  std::int64_t tensor = 1;  // attention, dense FFN, shared experts, vocabulary: Megatron-LM column/row splits
  std::int64_t expert_tensor = 1;      // each expert is cut this often
  std::int64_t expert_ranks = 1;       // whole experts are spread over this many ranks
  std::int64_t redundant_experts = 0;  // replicas of some, of a layer and all ranks
};

/// Formats in use: of the weights, of the activations that enter the tensor cores beside them, and of the KV
/// cache.
struct ModelPrecision {
  PrecisionByRole weights;
  PrecisionByRole activations;
  Precision kv_cache = Precision::bf16;
};

/// y[m, n] = x[m, k] w[k, n], m being the step's tokens.
struct Gemm {
  std::string_view name;
  Part part = Part::dense_gemm;
  std::int64_t n = 0;
  std::int64_t k = 0;
  Precision weights = Precision::bf16;
  Precision activations = Precision::bf16;
};

/// Attention of one layer on one rank, linear in (query, key) pairs and in tokens read. MLA decodes in the
/// absorbed form (reads the latent cache) and prefills expanded (arXiv:2405.04434 section 2.1.2, appendix C).
struct AttentionWork {
  enum class Kind { grouped_query, latent } kind = Kind::grouped_query;
  Flops decode_flops_per_pair;
  Flops prefill_flops_per_pair;
  Bytes cache_bytes_per_token;           // decode: read once per sequence and cached token
  Bytes prefill_bytes_per_key;           // prefill: read once per key, new ones included
  Bytes query_bytes_per_token;           // queries in, outputs out
  std::optional<std::int64_t> window;    // tokens a query sees at most, those before it
  std::optional<std::int64_t> selected;  // keys a query reads at most, each its own choice
  bool bidirectional = false;            // a query sees later tokens too
  std::int64_t heads = 1;                // on one rank
  std::int64_t kv_heads = 1;             // on one rank; 1 for a latent cache
  std::int64_t head_dim = 0;             // of the cache: a latent has kv_lora_rank + qk_rope_head_dim
  Precision kv_cache = Precision::bf16;
};

/// The recurrence of one linear-attention layer on one rank.
struct StateWork {
  Flops decode_flops_per_sequence;
  Bytes decode_bytes_per_sequence;  // the state, read and written
  Flops prefill_flops_per_token;
  Bytes prefill_bytes_per_token;
};

/// The routed experts that one rank holds of one layer.
struct ExpertWork {
  std::int64_t local_experts = 0;
  std::int64_t top_k = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;  // after cutting
  bool gated = true;                   // three matrices; else two
  Flops flops_per_row;                 // one token at one expert
  Bytes weight_bytes_per_expert;       // read when at least one token visits
  Bytes activation_bytes_per_row;      // read and written by the grouped products
  Precision weights = Precision::bf16;
  Precision activations = Precision::bf16;
};

struct LayerWork {
  std::vector<Gemm> before_attention;      // projections to queries, keys, values, latents, states
  std::optional<AttentionWork> attention;  // at most one of these two
  std::optional<StateWork> state;
  std::optional<AttentionWork> indexer;   // scores every cached key for a sparse attention
  std::optional<Gemm> context_expansion;  // keys and values of a prompt's cached latents, m being those
  std::optional<Gemm> output_projection;
  std::vector<Gemm> dense_ffn;  // up and down; empty without a dense FFN
  std::optional<Gemm> gate;
  std::vector<Gemm> shared_expert;      // empty without one
  std::vector<Gemm> latent_projection;  // hidden vectors to the routed experts' latents and back
  std::optional<ExpertWork> experts;

  bool mixes_tokens() const { return !before_attention.empty(); }
  bool has_ffn() const { return !dense_ffn.empty() || experts; }
};

/// Of a layer with cross-attention alone: the projection of the encoder's output to its keys and values.
LayerWork work_of(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                  const ModelPrecision& precision);

/// The vocabulary projection: logits[m, vocab / tensor], m being the sequences that sample.
Gemm head_of(const Architecture& architecture, const Sharding& sharding);

/// KV-cache bytes that one token takes on one rank in one layer, an indexer's keys included: heads are split
/// over tensor ranks and repeated when there are fewer heads than ranks; a latent is kept whole on every
/// rank.
Bytes kv_bytes_per_token_on_rank(const Layer& layer, const Sharding& sharding, Precision kv_cache);

/// Recurrent state of one sequence on one rank in one layer; 0 without linear attention.
Bytes state_bytes_on_rank(const Layer& layer, const Sharding& sharding);

/// Weights of the routed experts of one layer that one rank holds; 0 without an MoE FFN.
Bytes expert_weight_bytes_on_rank(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                                  const PrecisionByRole& precision);

/// Weights of one layer on one rank, routed experts included.
Bytes weight_bytes_on_rank(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                           const PrecisionByRole& precision);

}  // namespace switchyard
