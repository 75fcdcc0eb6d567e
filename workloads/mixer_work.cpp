// Cutting token mixers by heads.
#include "workloads/mixer_work.hpp"

#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

/// What the mixers of one layer share.
struct Cut {
  std::int64_t hidden_size = 0;
  std::int64_t ranks = 1;  // tensor-parallel ones
  const ModelPrecision& precision;

  Gemm gemm(std::string_view name, std::int64_t n, std::int64_t k) const {
    return {name, Part::dense_gemm, n, k, precision.weights.attention, precision.activations.attention};
  }
};

AttentionWork grouped_query_work(const Attention& a, const Cut& cut) {
  AttentionWork work;
  work.heads = share(a.num_attention_heads, cut.ranks);
  work.kv_heads = share(a.num_key_value_heads, cut.ranks);
  work.head_dim = a.head_dim;
  work.kv_cache = cut.precision.kv_cache;
  work.bidirectional = a.bidirectional;
  const double width = static_cast<double>(work.heads * (a.head_dim + a.value_dim()));
  work.decode_flops_per_pair = work.prefill_flops_per_pair = Flops(2.0 * width);  // scores and values
  work.query_bytes_per_token = width * bytes_per_element(Precision::bf16);
  work.cache_bytes_per_token =
      static_cast<double>(work.kv_heads * (a.head_dim + a.value_dim())) * bytes_per_element(work.kv_cache);
  work.prefill_bytes_per_key = work.cache_bytes_per_token;
  return work;
}

void add_grouped_query(const Attention& a, const Cut& cut, LayerWork& work) {
  work.attention = grouped_query_work(a, cut);
  const std::int64_t queries = work.attention->heads * a.head_dim * (a.output_gate ? 2 : 1);
  const std::int64_t values = a.values_are_keys ? 0 : a.value_dim();
  work.before_attention = {
      cut.gemm("qkv", queries + work.attention->kv_heads * (a.head_dim + values), cut.hidden_size)};
  work.output_projection = cut.gemm("o_proj", cut.hidden_size, work.attention->heads * a.value_dim());
}

AttentionWork latent_work(const Attention& a, const Cut& cut) {
  const LatentAttention& mla = *a.latent;
  AttentionWork work;
  work.kind = AttentionWork::Kind::latent;
  work.heads = share(a.num_attention_heads, cut.ranks);
  work.head_dim = mla.kv_lora_rank + mla.qk_rope_head_dim;
  work.kv_cache = cut.precision.kv_cache;
  work.cache_bytes_per_token = static_cast<double>(work.head_dim) * bytes_per_element(work.kv_cache);
  const double h = static_cast<double>(work.heads);
  const auto expanded = static_cast<double>(mla.qk_nope_head_dim + mla.qk_rope_head_dim + mla.v_head_dim);
  const auto absorbed = static_cast<double>(2 * mla.kv_lora_rank + mla.qk_rope_head_dim);
  work.decode_flops_per_pair = Flops(2.0 * h * absorbed);
  work.prefill_flops_per_pair = Flops(2.0 * h * expanded);
  work.prefill_bytes_per_key = h * expanded * bytes_per_element(Precision::bf16);
  work.query_bytes_per_token = h * absorbed * bytes_per_element(Precision::bf16);
  return work;
}

void add_latent(const Attention& a, const Cut& cut, LayerWork& work) {
  const LatentAttention& mla = *a.latent;
  work.attention = latent_work(a, cut);
  const std::int64_t heads = work.attention->heads;
  const std::int64_t query = heads * (mla.qk_nope_head_dim + mla.qk_rope_head_dim);
  if (mla.q_lora_rank) {
    work.before_attention = {cut.gemm("q_a", *mla.q_lora_rank, cut.hidden_size),
                             cut.gemm("q_b", query, *mla.q_lora_rank)};
  } else {
    work.before_attention = {cut.gemm("q", query, cut.hidden_size)};
  }
  work.before_attention.push_back(cut.gemm("kv_a", mla.kv_lora_rank + mla.qk_rope_head_dim, cut.hidden_size));
  // Absorbed (decode) and expanded (prefill) forms take the same products with W_UK and W_UV.
  const Gemm expansion = cut.gemm("kv_b", heads * (mla.qk_nope_head_dim + mla.v_head_dim), mla.kv_lora_rank);
  work.before_attention.push_back(expansion);
  if (a.selected_keys) {  // every query reads latents of its own choice: absorbed in prompts too
    work.attention->prefill_flops_per_pair = work.attention->decode_flops_per_pair;
    work.attention->prefill_bytes_per_key = work.attention->cache_bytes_per_token;
  } else {
    work.context_expansion = expansion;
  }
  work.output_projection = cut.gemm("o_proj", cut.hidden_size, heads * mla.v_head_dim);
}

/// Whole on every rank (vLLM replicates the indexer). Its keys are fp8; its scores are charged at the rate of
/// bf16, as no profile measures them.
void add_indexer(const SparseIndexer& indexer, const Cut& cut, LayerWork& work, Bytes bytes_per_key) {
  const std::int64_t queries = indexer.num_heads * indexer.head_dim;
  work.before_attention.push_back(
      cut.gemm("index_q", queries, indexer.q_lora_rank.value_or(cut.hidden_size)));
  work.before_attention.push_back(cut.gemm("index_k", indexer.head_dim + indexer.num_heads, cut.hidden_size));
  AttentionWork& scores = work.indexer.emplace();
  scores.heads = indexer.num_heads;
  scores.head_dim = indexer.head_dim;
  scores.kv_cache = Precision::fp8;
  scores.decode_flops_per_pair = scores.prefill_flops_per_pair = Flops(2.0 * static_cast<double>(queries));
  scores.cache_bytes_per_token = scores.prefill_bytes_per_key = bytes_per_key;
  scores.query_bytes_per_token = static_cast<double>(queries) * bytes_per_element(Precision::fp8);
}

void add_attention(const Layer& layer, const Cut& cut, LayerWork& work) {
  const Attention& a = *layer.attention;
  if (a.latent) add_latent(a, cut, work);
  else add_grouped_query(a, cut, work);
  work.attention->window = a.sliding_window;
  work.attention->selected = a.selected_keys;
  if (a.indexer) add_indexer(*a.indexer, cut, work, indexer_bytes_per_token(layer));
}

/// One rank's heads.
LinearAttention on_rank(LinearAttention linear, std::int64_t ranks) {
  linear.num_key_heads = share(linear.num_key_heads, ranks);
  linear.num_value_heads = share(linear.num_value_heads, ranks);
  return linear;
}

/// A scan in chunks (Mamba-2, arXiv:2405.21060, section 6): within a chunk of Q tokens the attention-like
/// form takes 2 Q (N + P) a head and token; making the chunk's state and reading the one before take 2 N P
/// each.
void add_linear(const LinearAttention& whole, const Cut& cut, LayerWork& work) {
  const LinearAttention linear = on_rank(whole, cut.ranks);
  const std::int64_t projected =
      linear.conv_width() + linear.value_width() + linear.projected_scalars * linear.num_value_heads;
  work.before_attention = {cut.gemm("in_proj", projected, cut.hidden_size)};
  work.output_projection = cut.gemm("out_proj", cut.hidden_size, linear.value_width());
  const auto heads = static_cast<double>(linear.num_value_heads);
  const auto n = static_cast<double>(linear.key_head_dim);
  const auto p = static_cast<double>(linear.value_head_dim);
  const auto q = static_cast<double>(linear.chunk_size);
  StateWork& state = work.state.emplace();
  state.decode_flops_per_sequence = Flops(6.0 * heads * n * p);
  state.decode_bytes_per_sequence = 2.0 * state_bytes(linear);
  state.prefill_flops_per_token = Flops(heads * (2.0 * q * (n + p) + 4.0 * n * p));
  const Bytes inputs = static_cast<double>(linear.conv_width() + 2 * linear.value_width()) *
                       bytes_per_element(Precision::bf16);
  state.prefill_bytes_per_token = inputs + 2.0 / q * state_bytes(linear);
}

}  // namespace

void add_mixer_work(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                    const ModelPrecision& precision, LayerWork& work) {
  const Cut cut{hidden_size, sharding.tensor, precision};
  if (layer.attention) add_attention(layer, cut, work);
  if (layer.linear_attention) add_linear(*layer.linear_attention, cut, work);
  if (layer.cross_attention) {
    const Attention& cross = *layer.cross_attention;
    const std::int64_t heads = share(cross.num_key_value_heads, sharding.tensor);
    work.before_attention.push_back(
        cut.gemm("cross_kv", heads * (cross.head_dim + cross.value_dim()), hidden_size));
  }
}

Bytes kv_bytes_per_token_on_rank(const Layer& layer, const Sharding& sharding, Precision kv_cache) {
  double ranks = 1.0;
  const std::optional<Attention>& a = layer.attention ? layer.attention : layer.cross_attention;
  if (a && !a->latent) {
    const auto heads = static_cast<double>(a->num_key_value_heads);
    ranks = heads / static_cast<double>(share(a->num_key_value_heads, sharding.tensor));
  }
  return static_cast<double>(kv_elements_per_token(layer)) / ranks * bytes_per_element(kv_cache) +
         indexer_bytes_per_token(layer);
}

Bytes state_bytes_on_rank(const Layer& layer, const Sharding& sharding) {
  if (!layer.linear_attention) return Bytes(0.0);
  return state_bytes(on_rank(*layer.linear_attention, sharding.tensor));
}

}  // namespace switchyard
