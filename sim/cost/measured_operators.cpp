// From the sizes of a measured row to an operator, as workloads/work.cpp makes those of a layer.
#include "sim/cost/measured_operators.hpp"

#include <bit>
#include <cmath>

namespace switchyard {
namespace {

AttentionWork attention_of(const Attention& attention, Precision kv_cache) {
  Layer layer;
  layer.attention = attention;
  ModelPrecision precision;
  precision.kv_cache = kv_cache;
  return *work_of(layer, 1, {}, precision).attention;
}

Attention plain_attention(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim) {
  Attention attention;
  attention.num_attention_heads = heads;
  attention.num_key_value_heads = kv_heads;
  attention.head_dim = head_dim;
  return attention;
}

Attention latent_attention(std::int64_t heads, std::int64_t latent_dim) {
  Attention attention = plain_attention(heads, 1, latent_dim);
  LatentAttention& mla = attention.latent.emplace();
  mla.kv_lora_rank = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(latent_dim)));
  mla.qk_rope_head_dim = latent_dim - mla.kv_lora_rank;
  return attention;
}

/// fp16 takes what bf16 takes: the same tensor cores at the same rate.
Precision as_measured(Precision format) { return format == Precision::fp16 ? Precision::bf16 : format; }

double log_of(std::int64_t size) { return std::log(static_cast<double>(size)); }

}  // namespace

GemmShape shape_of(const Gemm& gemm) {
  return {as_measured(gemm.weights), as_measured(gemm.activations), gemm.n, gemm.k};
}

ExpertShape shape_of(const ExpertWork& work) {
  return {as_measured(work.weights), as_measured(work.activations), work.gated, work.hidden_size,
          work.intermediate_size};
}

AttentionShape shape_of(const AttentionWork& work) {
  return {work.kind, as_measured(work.kv_cache), work.heads, work.kv_heads, work.head_dim};
}

ShapePlace place_of(const GemmShape& shape) {
  const auto& [weights, activations, n, k] = shape;
  return {{static_cast<int>(weights), static_cast<int>(activations), 0}, {log_of(n), log_of(k)}};
}

ShapePlace place_of(const ExpertShape& shape) {
  const auto& [weights, activations, gated, hidden_size, intermediate_size] = shape;
  return {{static_cast<int>(weights), static_cast<int>(activations), gated ? 1 : 0},
          {log_of(hidden_size), log_of(intermediate_size)}};
}

ShapePlace place_of(const AttentionShape& shape) {
  const auto& [kind, kv_cache, heads, kv_heads, head_dim] = shape;
  return {{static_cast<int>(kind), static_cast<int>(kv_cache), 0},
          {log_of(kv_heads), std::log(static_cast<double>(heads) / static_cast<double>(kv_heads)),
           log_of(head_dim)}};
}

Gemm work_of(const GemmPoint& point, const Gpu& gpu) {
  return {"measured", Part::dense_gemm, point.n,
          point.k,    point.precision,  activations_beside(gpu, point.precision)};
}

ExpertWork work_of(const GroupedGemmPoint& point, const Gpu& gpu) {
  Layer layer;
  layer.attention = plain_attention(1, 1, 1);
  MoeFfn& moe = layer.moe.emplace();
  moe.gate.num_experts = point.active_experts;
  moe.expert.intermediate_size = point.intermediate_size;
  ModelPrecision precision;
  precision.weights.routed_experts = point.precision;
  precision.activations.routed_experts = activations_beside(gpu, point.precision);
  return *work_of(layer, point.hidden_size, {}, precision).experts;
}

AttentionWork work_of(const PrefillAttentionPoint& point) {
  return attention_of(plain_attention(point.heads, point.kv_heads, point.head_dim), point.precision);
}

std::vector<AttentionWork> works_of(const DecodeAttentionPoint& point) {
  std::vector<AttentionWork> works = {
      attention_of(plain_attention(point.heads, point.kv_heads, point.head_dim), point.precision)};
  if (point.kv_heads == 1) {
    works.push_back(attention_of(latent_attention(point.heads, point.head_dim), point.precision));
  }
  return works;
}

std::int64_t tiled_rows(const GroupedGemmPoint& point, std::int64_t tile) {
  const auto padded = [tile](std::int64_t rows) { return (rows + tile - 1) / tile * tile; };
  const std::int64_t each = point.rows / point.active_experts;
  const std::int64_t one_more = point.rows % point.active_experts;
  return one_more * padded(each + 1) + (point.active_experts - one_more) * padded(each);
}

}  // namespace switchyard
