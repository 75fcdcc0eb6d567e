// Measured times of operators by shape, the tables of a GPU's profile. Sizes are those of one rank; every
// time is of whole kernels as a CUDA graph runs them, launch overhead included.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/precision.hpp"
#include "sim/base/units.hpp"
#include "topologies/wish.hpp"

namespace switchyard {

/// y[m, n] = x[m, k] w[k, n], w in `precision`.
struct GemmPoint {
  std::int64_t m = 0, n = 0, k = 0;
  Precision precision = Precision::bf16;
  Seconds time;
  bool operator==(const GemmPoint&) const = default;
};

/// Both grouped products (gate-up and down) of gated experts with weights in `precision`: `rows` assignments,
/// spread evenly.
struct GroupedGemmPoint {
  std::int64_t rows = 0, active_experts = 0, hidden_size = 0, intermediate_size = 0;
  Precision precision = Precision::bf16;
  Seconds time;
  bool operator==(const GroupedGemmPoint&) const = default;
};

/// Causal attention of a chunk of `tokens` after `context` tokens in a KV cache of `precision`.
struct PrefillAttentionPoint {
  std::int64_t tokens = 0, context = 0, heads = 0, kv_heads = 0, head_dim = 0;
  Precision precision = Precision::bf16;
  Seconds time;
  bool operator==(const PrefillAttentionPoint&) const = default;
};

/// One query of each of `sequences`, each over `context` tokens in a KV cache of `precision`, its own
/// included. MLA, absorbed: heads share one latent, kv_heads is 1 and head_dim kv_lora_rank +
/// qk_rope_head_dim.
struct DecodeAttentionPoint {
  std::int64_t sequences = 0, context = 0, heads = 0, kv_heads = 0, head_dim = 0;
  Precision precision = Precision::bf16;
  Seconds time;
  bool operator==(const DecodeAttentionPoint&) const = default;
};

/// One kernel that reads and writes `bytes` together.
struct ElementwisePoint {
  std::int64_t bytes = 0;
  Seconds time;
  bool operator==(const ElementwisePoint&) const = default;
};

/// One kernel that norms, or that activates the halves of, `rows` vectors: `width` is that of the result. Of
/// PyTorch's own two kernels.
struct RowsPoint {
  std::int64_t rows = 0, width = 0;
  Seconds time;
  bool operator==(const RowsPoint&) const = default;
};

/// PyTorch's kernels that join `parts` parts of split decode attention; of one part, its cast.
struct ReductionPoint {
  std::int64_t sequences = 0, parts = 0, heads = 0, kv_heads = 0, head_dim = 0;
  Seconds time;
  bool operator==(const ReductionPoint&) const = default;
};

/// PyTorch's kernels between a gate's product and the order of rows by expert.
struct RoutingPoint {
  std::int64_t tokens = 0, num_experts = 0, top_k = 0;
  Seconds time;
  bool operator==(const RoutingPoint&) const = default;
};

/// PyTorch's kernels that bring rows to their experts and back, weighed and added up.
struct PermutationPoint {
  std::int64_t tokens = 0, top_k = 0, hidden_size = 0;
  Seconds time;
  bool operator==(const PermutationPoint&) const = default;
};

/// PyTorch's kernels on the heads of one layer: attention of a whole prompt, or new keys and values to their
/// cache.
struct HeadsPoint {
  std::int64_t tokens = 0, heads = 0, kv_heads = 0, head_dim = 0;
  Seconds time;
  bool operator==(const HeadsPoint&) const = default;
};

/// PyTorch's embedding of a token of each sequence, and choice of the next.
struct SamplingPoint {
  std::int64_t sequences = 0, vocabulary = 0;
  Seconds time;
  bool operator==(const SamplingPoint&) const = default;
};

/// Each may be empty. Sorted by precision, by what makes a shape (gemm: n, k), and by what varies (gemm: m).
struct OperatorTables {
  std::vector<GemmPoint> gemm;
  std::vector<GroupedGemmPoint> grouped_gemm;
  std::vector<PrefillAttentionPoint> prefill_attention;
  std::vector<DecodeAttentionPoint> decode_attention;
  std::vector<ElementwisePoint> elementwise;
  std::vector<RowsPoint> norm, activation;
  // PyTorch's kernels one by one, for engines that run those
  std::vector<HeadsPoint> torch_prompt_attention;
  std::vector<RowsPoint> torch_activation;
  std::vector<ReductionPoint> torch_reduction;
  std::vector<RoutingPoint> torch_routing;
  std::vector<PermutationPoint> torch_permutation;
  std::vector<HeadsPoint> torch_cache_write;   // of sequences that decode
  std::vector<HeadsPoint> torch_prompt_write;  // of a prompt's tokens
  std::vector<SamplingPoint> torch_sampling;
  bool operator==(const OperatorTables&) const = default;
};

/// The tables among the members of a profile; the format is in topologies/profile.hpp. `origin` is the
/// profile's. Throws InputError, also for a row that is there twice.
OperatorTables read_operator_tables(ObjectReader& profile, const Origin& origin);
/// Sets a member of `profile` for each table that is not empty.
void write_operator_tables(const OperatorTables& tables, Json& profile);

}  // namespace switchyard
