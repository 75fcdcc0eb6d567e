// Cutting a layer: column-parallel projections, row-parallel outputs (Megatron-LM, arXiv:1909.08053), experts
// whole or cut.
#include "workloads/work.hpp"

#include <algorithm>

#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

std::int64_t share(std::int64_t size, std::int64_t ranks) { return (size + ranks - 1) / ranks; }

std::vector<Gemm> ffn_gemms(const Ffn& ffn, std::int64_t hidden_size, std::int64_t ranks, Precision weights,
                            Precision activations) {
  const std::int64_t width = share(ffn.intermediate_size, ranks);
  return {{ffn.gated ? "gate_up" : "up", Part::dense_gemm, ffn.gated ? 2 * width : width, hidden_size,
           weights, activations},
          {"down", Part::dense_gemm, hidden_size, width, weights, activations}};
}

void grouped_query_attention(const Attention& a, std::int64_t hidden_size, std::int64_t ranks,
                             const ModelPrecision& precision, LayerWork& work) {
  const std::int64_t heads = share(a.num_attention_heads, ranks);
  const std::int64_t kv_heads = share(a.num_key_value_heads, ranks);
  const Precision weights = precision.weights.linear;
  work.before_attention = {{"qkv", Part::dense_gemm, (heads + 2 * kv_heads) * a.head_dim, hidden_size,
                            weights, precision.activations}};
  work.output_projection = {"o_proj",           Part::dense_gemm, hidden_size,
                            heads * a.head_dim, weights,          precision.activations};
  const double width = static_cast<double>(heads * a.head_dim);
  work.attention.heads = heads;
  work.attention.kv_heads = kv_heads;
  work.attention.head_dim = a.head_dim;
  work.attention.decode_flops_per_pair = Flops(4.0 * width);  // scores and values
  work.attention.prefill_flops_per_pair = Flops(4.0 * width);
  work.attention.query_bytes_per_token = 2.0 * width * bytes_per_element(Precision::bf16);
}

void latent_attention(const Attention& a, std::int64_t hidden_size, std::int64_t ranks,
                      const ModelPrecision& precision, LayerWork& work) {
  const LatentAttention& mla = *a.latent;
  const std::int64_t heads = share(a.num_attention_heads, ranks);
  const std::int64_t query_dim = mla.qk_nope_head_dim + mla.qk_rope_head_dim;
  const Precision weights = precision.weights.linear;
  const auto gemm = [&](std::string_view name, std::int64_t n, std::int64_t k) {
    return Gemm{name, Part::dense_gemm, n, k, weights, precision.activations};
  };
  if (mla.q_lora_rank) {
    work.before_attention = {gemm("q_a", *mla.q_lora_rank, hidden_size),
                             gemm("q_b", heads * query_dim, *mla.q_lora_rank)};
  } else {
    work.before_attention = {gemm("q", heads * query_dim, hidden_size)};
  }
  work.before_attention.push_back(gemm("kv_a", mla.kv_lora_rank + mla.qk_rope_head_dim, hidden_size));
  // Absorbed (decode) and expanded (prefill) forms take the same products with W_UK and W_UV.
  const Gemm expansion = gemm("kv_b", heads * (mla.qk_nope_head_dim + mla.v_head_dim), mla.kv_lora_rank);
  work.before_attention.push_back(expansion);
  work.context_expansion = expansion;
  work.output_projection = gemm("o_proj", hidden_size, heads * mla.v_head_dim);
  work.attention.kind = AttentionWork::Kind::latent;
  work.attention.heads = heads;
  work.attention.head_dim = mla.kv_lora_rank + mla.qk_rope_head_dim;
  const double h = static_cast<double>(heads);
  work.attention.decode_flops_per_pair =
      Flops(2.0 * h * static_cast<double>(2 * mla.kv_lora_rank + mla.qk_rope_head_dim));
  work.attention.prefill_flops_per_pair = Flops(2.0 * h * static_cast<double>(query_dim + mla.v_head_dim));
  work.attention.prefill_bytes_per_key =
      h * static_cast<double>(query_dim + mla.v_head_dim) * bytes_per_element(Precision::bf16);
  work.attention.query_bytes_per_token = h *
                                         static_cast<double>(2 * mla.kv_lora_rank + mla.qk_rope_head_dim) *
                                         bytes_per_element(Precision::bf16);
}

ExpertWork expert_work(const MoeFfn& moe, std::int64_t hidden_size, const Sharding& sharding,
                       const ModelPrecision& precision) {
  ExpertWork work;
  work.local_experts = share(moe.gate.num_experts, sharding.expert_ranks);
  work.top_k = moe.gate.num_experts_per_tok;
  work.hidden_size = hidden_size;
  work.intermediate_size = share(moe.expert.intermediate_size, sharding.expert_tensor);
  work.gated = moe.expert.gated;
  const double matrices = work.gated ? 3.0 : 2.0;
  const double weights =
      matrices * static_cast<double>(hidden_size) * static_cast<double>(work.intermediate_size);
  work.flops_per_row = Flops(2.0 * weights);
  work.weight_bytes_per_expert = weights * bytes_per_element(precision.weights.routed_experts);
  work.activation_bytes_per_row =
      static_cast<double>(2 * hidden_size) * bytes_per_element(Precision::bf16) +
      matrices * static_cast<double>(work.intermediate_size) * bytes_per_element(Precision::bf16);
  work.weights = precision.weights.routed_experts;
  work.activations = precision.expert_activations;
  return work;
}

/// Elements of the attention's matrices on one rank.
double attention_weights(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding) {
  const LayerWork work = work_of(layer, hidden_size, sharding, {});
  double sum = static_cast<double>(work.output_projection.n * work.output_projection.k);
  for (const Gemm& gemm : work.before_attention) sum += static_cast<double>(gemm.n * gemm.k);
  return sum;
}

}  // namespace

LayerWork work_of(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                  const ModelPrecision& precision) {
  LayerWork work;
  work.attention.cache_bytes_per_token =
      kv_bytes_per_token_on_rank(layer.attention, sharding, precision.kv_cache);
  work.attention.prefill_bytes_per_key = work.attention.cache_bytes_per_token;
  work.attention.kv_cache = precision.kv_cache;
  if (layer.attention.latent) {
    latent_attention(layer.attention, hidden_size, sharding.tensor, precision, work);
  } else {
    grouped_query_attention(layer.attention, hidden_size, sharding.tensor, precision, work);
  }
  work.attention.window = layer.attention.sliding_window;
  if (layer.dense) {
    work.dense_ffn = ffn_gemms(*layer.dense, hidden_size, sharding.tensor, precision.weights.linear,
                               precision.activations);
  }
  if (layer.moe) {
    work.gate =
        Gemm{"gate", Part::gate, layer.moe->gate.num_experts, hidden_size, Precision::bf16, Precision::bf16};
    if (layer.moe->shared_expert) {
      work.shared_expert = ffn_gemms(*layer.moe->shared_expert, hidden_size, sharding.tensor,
                                     precision.weights.linear, precision.activations);
    }
    work.experts = expert_work(*layer.moe, hidden_size, sharding, precision);
  }
  return work;
}

Gemm head_of(const Architecture& architecture, const Sharding& sharding) {
  return {"head",
          Part::head,
          share(architecture.vocab_size, sharding.tensor),
          architecture.hidden_size,
          Precision::bf16,
          Precision::bf16};
}

Bytes kv_bytes_per_token_on_rank(const Attention& attention, const Sharding& sharding, Precision kv_cache) {
  const double ranks = attention.latent
                           ? 1.0
                           : static_cast<double>(attention.num_key_value_heads) /
                                 static_cast<double>(share(attention.num_key_value_heads, sharding.tensor));
  return static_cast<double>(kv_elements_per_token(attention)) / ranks * bytes_per_element(kv_cache);
}

Bytes expert_weight_bytes_on_rank(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                                  const CheckpointPrecision& precision) {
  if (!layer.moe) return Bytes(0.0);
  const double experts = static_cast<double>(share(layer.moe->gate.num_experts, sharding.expert_ranks));
  const double parameters = static_cast<double>(parameters_of(layer, hidden_size).routed_expert);
  return experts * parameters / static_cast<double>(sharding.expert_tensor) *
         bytes_per_element(precision.routed_experts);
}

Bytes weight_bytes_on_rank(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                           const CheckpointPrecision& precision) {
  const LayerParameters p = parameters_of(layer, hidden_size);
  const Bytes linear = bytes_per_element(precision.linear);
  const Bytes plain = bytes_per_element(Precision::bf16);
  // Some projections are whole on every rank (MLA's way down, key-value heads fewer than ranks), and so are
  // small vectors.
  const double projections = attention_weights(layer, hidden_size, sharding);
  const double vectors = static_cast<double>(p.attention) - attention_weights(layer, hidden_size, {});
  const double cut =
      static_cast<double>(p.dense_ffn + p.shared_expert) / static_cast<double>(sharding.tensor);
  const double whole = vectors + static_cast<double>(p.attention_norms + p.ffn_norms + p.gate);
  return (projections + cut) * linear + whole * plain +
         expert_weight_bytes_on_rank(layer, hidden_size, sharding, precision);
}

}  // namespace switchyard
