// Parameter counts: products of the architecture's sizes. Matrices are what a token multiplies with; vectors
// are biases, norms and sinks, which count as parameters but hardly as work.
#include "workloads/parameters.hpp"

#include <algorithm>

namespace switchyard {
namespace {

struct Weights {
  std::int64_t matrices = 0;
  std::int64_t vectors = 0;
  std::int64_t norms = 0;
  std::int64_t all_but_norms() const { return matrices + vectors; }
};

// arXiv:2405.04434, equations 37-47. The norms are those of the two compressed vectors.
Weights latent_attention(const Attention& attention, std::int64_t hidden_size) {
  const LatentAttention& latent = *attention.latent;
  const std::int64_t heads = attention.num_attention_heads;
  const std::int64_t query = heads * (latent.qk_nope_head_dim + latent.qk_rope_head_dim);
  const std::int64_t compressed = latent.kv_lora_rank + latent.qk_rope_head_dim;
  const std::int64_t q_rank = latent.q_lora_rank.value_or(0);

  Weights weights;
  weights.matrices = latent.q_lora_rank ? hidden_size * q_rank + q_rank * query : hidden_size * query;
  weights.matrices += hidden_size * compressed;
  weights.matrices += latent.kv_lora_rank * heads * (latent.qk_nope_head_dim + latent.v_head_dim);
  weights.matrices += heads * latent.v_head_dim * hidden_size;
  if (attention.qkv_bias) weights.vectors += q_rank + compressed;
  if (attention.output_bias) weights.vectors += hidden_size;
  weights.norms = hidden_size + q_rank + latent.kv_lora_rank;
  return weights;
}

Weights head_attention(const Attention& attention, std::int64_t hidden_size) {
  const std::int64_t query = attention.num_attention_heads * attention.head_dim;
  const std::int64_t key_value = 2 * attention.num_key_value_heads * attention.head_dim;
  Weights weights;
  weights.matrices = hidden_size * (query + key_value) + query * hidden_size;
  if (attention.qkv_bias) weights.vectors += query + key_value;
  if (attention.output_bias) weights.vectors += hidden_size;
  if (attention.sinks) weights.vectors += attention.num_attention_heads;
  weights.norms = hidden_size + (attention.qk_norm ? 2 * attention.head_dim : 0);
  return weights;
}

Weights attention_weights(const Attention& attention, std::int64_t hidden_size) {
  return attention.latent ? latent_attention(attention, hidden_size) : head_attention(attention, hidden_size);
}

Weights ffn_weights(const Ffn& ffn, std::int64_t hidden_size) {
  const std::int64_t up = (ffn.gated ? 2 : 1) * ffn.intermediate_size;
  return {.matrices = hidden_size * (up + ffn.intermediate_size), .vectors = ffn.bias ? up + hidden_size : 0};
}

Weights gate_weights(const MoeFfn& moe, std::int64_t hidden_size) {
  const std::int64_t biases = (moe.gate_bias ? 1 : 0) + (moe.selection_bias ? 1 : 0);
  return {.matrices = hidden_size * moe.gate.num_experts, .vectors = biases * moe.gate.num_experts};
}

/// Weights one token multiplies with in one layer. Absorbed or expanded, latent attention uses each of its
/// up-projections once.
std::int64_t matrices_used(const Layer& layer, std::int64_t hidden_size) {
  std::int64_t used = attention_weights(layer.attention, hidden_size).matrices;
  if (layer.dense) used += ffn_weights(*layer.dense, hidden_size).matrices;
  if (layer.moe) {
    used += gate_weights(*layer.moe, hidden_size).matrices;
    used += layer.moe->gate.num_experts_per_tok * ffn_weights(layer.moe->expert, hidden_size).matrices;
    if (layer.moe->shared_expert) used += ffn_weights(*layer.moe->shared_expert, hidden_size).matrices;
  }
  return used;
}

/// Elements of a score's and of a value's dot product, all heads: what one cached token costs in
/// multiply-adds.
std::int64_t attention_products(const Attention& attention) {
  if (!attention.latent) return 2 * attention.num_attention_heads * attention.head_dim;
  return attention.num_attention_heads *
         (2 * attention.latent->kv_lora_rank + attention.latent->qk_rope_head_dim);
}

std::int64_t experts_in(const Layer& layer) { return layer.moe ? layer.moe->gate.num_experts : 0; }
std::int64_t top_k_in(const Layer& layer) { return layer.moe ? layer.moe->gate.num_experts_per_tok : 0; }

}  // namespace

LayerParameters parameters_of(const Layer& layer, std::int64_t hidden_size) {
  const Weights attention = attention_weights(layer.attention, hidden_size);
  LayerParameters parameters;
  parameters.attention = attention.all_but_norms();
  parameters.attention_norms = attention.norms;
  parameters.ffn_norms = hidden_size;
  if (layer.dense) parameters.dense_ffn = ffn_weights(*layer.dense, hidden_size).all_but_norms();
  if (layer.moe) {
    parameters.gate = gate_weights(*layer.moe, hidden_size).all_but_norms();
    parameters.routed_expert = ffn_weights(layer.moe->expert, hidden_size).all_but_norms();
    if (layer.moe->shared_expert) {
      parameters.shared_expert = ffn_weights(*layer.moe->shared_expert, hidden_size).all_but_norms();
    }
  }
  return parameters;
}

ParameterCount count_parameters(const Architecture& architecture) {
  ParameterCount count;
  count.embedding = architecture.vocab_size * architecture.hidden_size;
  count.head = architecture.tie_word_embeddings ? 0 : count.embedding;
  const std::int64_t final_norm = architecture.hidden_size;
  count.total = count.active = count.embedding + count.head + final_norm;
  for (const Layer& layer : architecture.layers) {
    const LayerParameters p = parameters_of(layer, architecture.hidden_size);
    const std::int64_t always =
        p.attention + p.attention_norms + p.dense_ffn + p.gate + p.shared_expert + p.ffn_norms;
    count.total += always + experts_in(layer) * p.routed_expert;
    count.active += always + top_k_in(layer) * p.routed_expert;
  }
  return count;
}

std::int64_t kv_elements_per_token(const Attention& attention) {
  if (attention.latent) return attention.latent->kv_lora_rank + attention.latent->qk_rope_head_dim;
  return 2 * attention.num_key_value_heads * attention.head_dim;
}

Bytes kv_bytes_per_token(const Architecture& architecture, Precision kv_cache) {
  std::int64_t elements = 0;
  for (const Layer& layer : architecture.layers) elements += kv_elements_per_token(layer.attention);
  return static_cast<double>(elements) * bytes_per_element(kv_cache);
}

Bytes weight_bytes(const Architecture& architecture, const CheckpointPrecision& precision) {
  const ParameterCount count = count_parameters(architecture);
  std::int64_t linear = 0;
  std::int64_t routed = 0;
  for (const Layer& layer : architecture.layers) {
    const LayerParameters p = parameters_of(layer, architecture.hidden_size);
    linear += p.attention + p.dense_ffn + p.shared_expert;
    routed += experts_in(layer) * p.routed_expert;
  }
  return static_cast<double>(linear) * bytes_per_element(precision.linear) +
         static_cast<double>(routed) * bytes_per_element(precision.routed_experts) +
         static_cast<double>(count.total - linear - routed) * bytes_per_element(Precision::bf16);
}

Flops flops_per_token(const Architecture& architecture, std::int64_t context) {
  const std::int64_t head = architecture.vocab_size * architecture.hidden_size;
  double multiply_adds = static_cast<double>(head);
  for (const Layer& layer : architecture.layers) {
    const std::int64_t seen = std::min(context, layer.attention.sliding_window.value_or(context));
    multiply_adds += static_cast<double>(matrices_used(layer, architecture.hidden_size));
    multiply_adds += static_cast<double>(attention_products(layer.attention)) * static_cast<double>(seen);
  }
  return Flops(2.0 * multiply_adds);
}

}  // namespace switchyard
