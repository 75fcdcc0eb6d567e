// Parameter counts: products of the architecture's sizes. Matrices are what a token multiplies with; vectors
// are biases, norms and sinks, which count as parameters but hardly as work.
#include "workloads/parameters.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard {
namespace {

struct Weights {
  std::int64_t matrices = 0;
  std::int64_t vectors = 0;
  std::int64_t norms = 0;
  std::int64_t all_but_norms() const { return matrices + vectors; }

  Weights& operator+=(const Weights& other) {
    matrices += other.matrices;
    vectors += other.vectors;
    norms += other.norms;
    return *this;
  }
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
  weights.norms = q_rank + latent.kv_lora_rank;
  return weights;
}

std::int64_t qk_norms(const Attention& attention) {
  switch (attention.qk_norm) {
    case QkNorm::none:
      return 0;
    case QkNorm::per_head:
      return 2 * attention.head_dim;
    case QkNorm::full:
      return (attention.num_attention_heads + attention.num_key_value_heads) * attention.head_dim;
  }
  return 0;
}

Weights head_attention(const Attention& attention, std::int64_t hidden_size) {
  const std::int64_t query = attention.num_attention_heads * attention.head_dim;
  const std::int64_t key = attention.num_key_value_heads * attention.head_dim;
  const std::int64_t value = attention.num_key_value_heads * attention.value_dim();
  const std::int64_t output = attention.num_attention_heads * attention.value_dim();
  const std::int64_t projected =
      (attention.output_gate ? 2 : 1) * query + key + (attention.values_are_keys ? 0 : value);
  Weights weights;
  weights.matrices = hidden_size * projected + output * hidden_size;
  if (attention.qkv_bias) weights.vectors += projected;
  if (attention.output_bias) weights.vectors += hidden_size;
  if (attention.sinks) weights.vectors += attention.num_attention_heads;
  weights.norms = qk_norms(attention);
  return weights;
}

/// Queries, one shared key with its layer norm, and a weight a head.
Weights indexer_weights(const SparseIndexer& indexer, std::int64_t hidden_size) {
  Weights weights;
  weights.matrices = indexer.q_lora_rank.value_or(hidden_size) * indexer.num_heads * indexer.head_dim +
                     hidden_size * (indexer.head_dim + indexer.num_heads);
  weights.norms = 2 * indexer.head_dim;
  return weights;
}

/// Without the norms' of the hidden vector: those are the layer's.
Weights attention_weights(const Attention& attention, std::int64_t hidden_size) {
  Weights weights =
      attention.latent ? latent_attention(attention, hidden_size) : head_attention(attention, hidden_size);
  if (attention.indexer) weights += indexer_weights(*attention.indexer, hidden_size);
  return weights;
}

Weights linear_attention_weights(const LinearAttention& linear, std::int64_t hidden_size) {
  const std::int64_t output_gate = linear.value_width();
  Weights weights;
  weights.matrices =
      hidden_size * (linear.conv_width() + output_gate + linear.projected_scalars * linear.num_value_heads) +
      linear.value_width() * hidden_size;
  weights.vectors = linear.conv_width() * (linear.conv_kernel + (linear.conv_bias ? 1 : 0)) +
                    linear.learned_scalars * linear.num_value_heads;
  weights.norms = linear.norm_per_head ? linear.value_head_dim : linear.value_width();
  return weights;
}

Weights mixer_weights(const Layer& layer, std::int64_t hidden_size) {
  Weights weights;
  if (layer.attention) weights += attention_weights(*layer.attention, hidden_size);
  if (layer.linear_attention) weights += linear_attention_weights(*layer.linear_attention, hidden_size);
  if (layer.cross_attention) weights += attention_weights(*layer.cross_attention, hidden_size);
  return weights;
}

Weights ffn_weights(const Ffn& ffn, std::int64_t hidden_size) {
  const std::int64_t up = (ffn.gated ? 2 : 1) * ffn.intermediate_size;
  return {.matrices = hidden_size * (up + ffn.intermediate_size), .vectors = ffn.bias ? up + hidden_size : 0};
}

Weights gate_weights(const MoeFfn& moe, std::int64_t hidden_size) {
  const std::int64_t biases = (moe.gate_bias ? 1 : 0) + (moe.selection_bias ? 1 : 0);
  const std::int64_t shared = moe.shared_expert_gate ? hidden_size : 0;
  return {.matrices = hidden_size * moe.gate.num_experts + shared, .vectors = biases * moe.gate.num_experts};
}

Weights routed_expert_weights(const MoeFfn& moe, std::int64_t hidden_size) {
  return ffn_weights(moe.expert, moe.latent_size.value_or(hidden_size));
}

Weights shared_expert_weights(const MoeFfn& moe, std::int64_t hidden_size) {
  return moe.shared_expert ? ffn_weights(*moe.shared_expert, hidden_size) : Weights();
}

std::int64_t latent_projection(const MoeFfn& moe, std::int64_t hidden_size) {
  return 2 * hidden_size * moe.latent_size.value_or(0);
}

/// Weights one token multiplies with in one layer. Absorbed or expanded, latent attention uses each of its
/// up-projections once.
std::int64_t matrices_used(const Layer& layer, std::int64_t hidden_size) {
  std::int64_t used = mixer_weights(layer, hidden_size).matrices;
  if (layer.dense) used += ffn_weights(*layer.dense, hidden_size).matrices;
  if (layer.moe) {
    used += gate_weights(*layer.moe, hidden_size).matrices;
    used += layer.moe->gate.num_experts_per_tok * routed_expert_weights(*layer.moe, hidden_size).matrices;
    used += shared_expert_weights(*layer.moe, hidden_size).matrices;
    used += latent_projection(*layer.moe, hidden_size);
  }
  return used;
}

/// Elements of a score's and of a value's dot product, all heads: what one cached token costs in
/// multiply-adds.
std::int64_t attention_products(const Attention& attention) {
  if (!attention.latent) return attention.num_attention_heads * (attention.head_dim + attention.value_dim());
  return attention.num_attention_heads *
         (2 * attention.latent->kv_lora_rank + attention.latent->qk_rope_head_dim);
}

double attention_multiply_adds(const Attention& attention, std::int64_t context) {
  std::int64_t seen = context;
  if (attention.sliding_window) seen = std::min(seen, *attention.sliding_window);
  if (attention.selected_keys) seen = std::min(seen, *attention.selected_keys);
  double sum = static_cast<double>(attention_products(attention)) * static_cast<double>(seen);
  if (attention.indexer)
    sum += static_cast<double>(attention.indexer->num_heads * attention.indexer->head_dim) *
           static_cast<double>(context);
  return sum;
}

/// The state is decayed, gets an outer product added, and is read: three multiply-adds an element.
double state_multiply_adds(const LinearAttention& linear) {
  return 3.0 * static_cast<double>(linear.value_width() * linear.key_head_dim);
}

std::int64_t parameters_of(const Convolution& c) {
  return c.kernel * c.kernel * c.in_channels * c.out_channels + (c.bias ? c.out_channels : 0) +
         (c.batch_norm ? 2 * c.out_channels : 0);
}

double multiply_adds(const Convolution& c) {
  return static_cast<double>(c.kernel * c.kernel * c.in_channels * c.out_channels) *
         static_cast<double>(c.output_size * c.output_size);
}

std::int64_t experts_in(const Layer& layer) { return layer.moe ? layer.moe->gate.num_experts : 0; }
std::int64_t top_k_in(const Layer& layer) { return layer.moe ? layer.moe->gate.num_experts_per_tok : 0; }

}  // namespace

LayerParameters parameters_of(const Layer& layer, std::int64_t hidden_size) {
  const Weights mixer = mixer_weights(layer, hidden_size);
  LayerParameters parameters;
  parameters.attention = mixer.all_but_norms();
  parameters.norms = mixer.norms + layer.norm_vectors * hidden_size;
  if (layer.dense) parameters.dense_ffn = ffn_weights(*layer.dense, hidden_size).all_but_norms();
  if (layer.moe) {
    parameters.gate = gate_weights(*layer.moe, hidden_size).all_but_norms();
    parameters.routed_expert = routed_expert_weights(*layer.moe, hidden_size).all_but_norms();
    parameters.shared_expert = shared_expert_weights(*layer.moe, hidden_size).all_but_norms();
    parameters.latent_projection = latent_projection(*layer.moe, hidden_size);
  }
  return parameters;
}

ParameterCount count_parameters(const Architecture& architecture) {
  ParameterCount count;
  count.embedding = architecture.vocab_size * architecture.hidden_size;
  count.head = architecture.tie_word_embeddings ? 0 : count.embedding;
  const std::int64_t vectors = architecture.final_norm_vectors + architecture.position_embeddings;
  count.total = count.active =
      count.embedding + count.head + vectors * architecture.hidden_size + architecture.other_parameters;
  for (const Layer& layer : architecture.layers) {
    const LayerParameters p = parameters_of(layer, architecture.hidden_size);
    const std::int64_t always =
        p.attention + p.norms + p.dense_ffn + p.gate + p.shared_expert + p.latent_projection;
    count.total += always + experts_in(layer) * p.routed_expert;
    count.active += always + top_k_in(layer) * p.routed_expert;
  }
  for (const Convolution& convolution : architecture.convolutions) {
    count.total += parameters_of(convolution);
    count.active += parameters_of(convolution);
  }
  return count;
}

std::int64_t active_by_convention(const ParameterCount& count, PublishedParameters::Active convention) {
  switch (convention) {
    case PublishedParameters::Active::everything:
      return count.active;
    case PublishedParameters::Active::without_embedding:
      return count.active - count.embedding;
    case PublishedParameters::Active::without_embedding_and_head:
      return count.active - count.embedding - count.head;
  }
  return count.active;
}

std::int64_t kv_elements_per_token(const Layer& layer) {
  std::int64_t elements = 0;
  for (const std::optional<Attention>& attention : {layer.attention, layer.cross_attention}) {
    if (!attention || attention->bidirectional) continue;
    elements += attention->latent
                    ? attention->latent->kv_lora_rank + attention->latent->qk_rope_head_dim
                    : attention->num_key_value_heads * (attention->head_dim + attention->value_dim());
  }
  return elements;
}

Bytes indexer_bytes_per_token(const Layer& layer) {
  if (!layer.attention || !layer.attention->indexer) return Bytes(0.0);
  const auto dim = static_cast<double>(layer.attention->indexer->head_dim);
  return Bytes(dim + 4.0 * std::ceil(dim / 128.0));
}

Bytes kv_bytes_per_token(const Architecture& architecture, Precision kv_cache) {
  std::int64_t elements = 0;
  Bytes indexers;
  for (const Layer& layer : architecture.layers) {
    elements += kv_elements_per_token(layer);
    indexers += indexer_bytes_per_token(layer);
  }
  return static_cast<double>(elements) * bytes_per_element(kv_cache) + indexers;
}

Bytes weight_bytes(const Architecture& architecture, const PrecisionByRole& precision) {
  const ParameterCount count = count_parameters(architecture);
  Bytes bytes;
  std::int64_t plain = count.total;
  const auto add = [&](std::int64_t parameters, Precision format) {
    bytes += static_cast<double>(parameters) * bytes_per_element(format);
    plain -= parameters;
  };
  for (const Layer& layer : architecture.layers) {
    const LayerParameters p = parameters_of(layer, architecture.hidden_size);
    add(p.attention, precision.attention);
    add(p.dense_ffn, precision.dense_ffn);
    add(p.shared_expert + p.latent_projection, precision.shared_expert);
    add(experts_in(layer) * p.routed_expert, precision.routed_experts);
  }
  add(plain, Precision::bf16);
  return bytes;
}

Bytes state_bytes(const LinearAttention& linear) {
  const double state = static_cast<double>(linear.value_width() * linear.key_head_dim);
  const double inputs = static_cast<double>(linear.conv_width() * (linear.conv_kernel - 1));
  return state * bytes_per_element(Precision::fp32) + inputs * bytes_per_element(Precision::bf16);
}

Flops flops_per_token(const Architecture& architecture, std::int64_t context) {
  double sum = static_cast<double>(architecture.vocab_size * architecture.hidden_size);  // the head
  for (const Layer& layer : architecture.layers) {
    sum += static_cast<double>(matrices_used(layer, architecture.hidden_size));
    if (layer.attention) sum += attention_multiply_adds(*layer.attention, context);
    if (layer.cross_attention) sum += attention_multiply_adds(*layer.cross_attention, context);
    if (layer.linear_attention) sum += state_multiply_adds(*layer.linear_attention);
  }
  for (const Convolution& convolution : architecture.convolutions) sum += multiply_adds(convolution);
  return Flops(2.0 * sum);
}

}  // namespace switchyard
