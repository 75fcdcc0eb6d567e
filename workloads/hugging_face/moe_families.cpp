// Mixture-of-Experts families with grouped-query attention and a softmax over experts. Semantics are those of
// Hugging Face transformers' modelling code.
#include <algorithm>

#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

/// num_local_experts of intermediate_size in every layer.
Layer read_local_experts(ConfigReader& config, std::string router) {
  MoeFfn moe;
  moe.router = std::move(router);
  moe.gate = read_gate(config, config.size("num_local_experts", SizeLimit::kExperts));
  moe.expert = read_dense_ffn(config);
  return sparse_layer(read_grouped_attention(config), moe);
}

}  // namespace

std::vector<Layer> mixtral_layers(ConfigReader& config) {
  Layer layer = read_local_experts(config, "softmax_topk_renorm");
  layer.attention->sliding_window = config.maybe_size("sliding_window", SizeLimit::kContext);
  return repeated(layer, read_layer_count(config));
}

std::vector<Layer> granite_moe_layers(ConfigReader& config) {
  Layer layer = read_local_experts(config, "topk_softmax");
  layer.attention->qkv_bias = layer.attention->output_bias = config.optional_flag("attention_bias", false);
  return repeated(layer, read_layer_count(config));
}

std::vector<Layer> phi_moe_layers(ConfigReader& config) {
  Layer layer = read_local_experts(config, "sparsemixer");
  layer.attention->qkv_bias = layer.attention->output_bias = config.optional_flag("attention_bias", false);
  layer.attention->sliding_window = config.maybe_size("sliding_window", SizeLimit::kContext);
  layer.norm_vectors = 4;
  return repeated(layer, read_layer_count(config));
}

void finish_phi_moe(ConfigReader& config, Architecture& architecture) {
  architecture.final_norm_vectors = 2;
  if (config.optional_flag("lm_head_bias", false)) architecture.other_parameters = architecture.vocab_size;
}

std::vector<Layer> grok_layers(ConfigReader& config) {
  Layer layer = sparse_layer(read_grouped_attention(config), MoeFfn{});
  layer.moe->router = "softmax_topk";
  layer.moe->gate = read_gate(config, config.size("num_experts", SizeLimit::kExperts));
  layer.moe->expert = read_dense_ffn(config);
  layer.norm_vectors = 4;  // before and after attention and the experts
  return repeated(layer, read_layer_count(config));
}

std::vector<Layer> dbrx_layers(ConfigReader& config) {
  const std::int64_t hidden = config.size("d_model", SizeLimit::kHidden);
  const std::int64_t heads = config.size("n_heads", SizeLimit::kHeads);
  if (hidden % heads != 0)
    config.fail("n_heads", std::to_string(heads) + " heads do not share d_model " + std::to_string(hidden));
  ObjectReader attention = config.object("attn_config");
  ObjectReader ffn = config.object("ffn_config");

  Layer layer = sparse_layer(Attention{}, MoeFfn{});
  layer.attention->num_attention_heads = heads;
  layer.attention->num_key_value_heads = attention.integer("kv_n_heads", {1, heads});
  layer.attention->head_dim = hidden / heads;
  MoeFfn& moe = *layer.moe;
  moe.router = "softmax_topk_renorm";
  moe.gate.num_experts = ffn.integer("moe_num_experts", {1, SizeLimit::kExperts});
  moe.gate.num_experts_per_tok =
      ffn.integer("moe_top_k", {1, std::min(SizeLimit::kTopK, moe.gate.num_experts)});
  moe.gate.hidden_size = hidden;
  moe.expert.intermediate_size = ffn.integer("ffn_hidden_size", {1, SizeLimit::kIntermediate});
  return repeated(layer, config.size("n_layers", SizeLimit::kLayers));
}

/// Snowflake's dense-MoE hybrid: a residual FFN as wide as the hidden vector beside the experts.
std::vector<Layer> arctic_layers(ConfigReader& config) {
  Layer dense = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  Layer sparse = read_local_experts(config, "softmax_topk_renorm");
  if (config.optional_flag("use_residual", true) && config.optional_flag("parallel_attn_mlp_res", true)) {
    sparse.dense = Ffn{.intermediate_size = read_hidden_size(config)};
    sparse.norm_vectors = 3;
  }
  const std::int64_t every = config.optional_size("moe_layer_frequency", 1, SizeLimit::kLayers);
  return layers_by(read_layer_count(config), dense, sparse,
                   [&](std::int64_t i) { return (i + 1) % every == 0; });
}

std::vector<Layer> olmoe_layers(ConfigReader& config) {
  Layer layer = sparse_layer(read_grouped_attention(config), MoeFfn{});
  layer.attention->qkv_bias = layer.attention->output_bias = config.optional_flag("attention_bias", false);
  layer.attention->qk_norm = QkNorm::full;
  MoeFfn& moe = *layer.moe;
  moe.router = config.optional_flag("norm_topk_prob", false) ? "softmax_topk_renorm" : "softmax_topk";
  moe.gate = read_gate(config, config.size("num_experts", SizeLimit::kExperts));
  moe.expert = read_dense_ffn(config);
  return repeated(layer, read_layer_count(config));
}

namespace {

/// Every decoder_sparse_step-th layer routes, but for those in mlp_only_layers.
std::vector<Layer> with_sparse_steps(ConfigReader& config, const Attention& attention, const MoeFfn& moe) {
  const std::int64_t step = config.optional_size("decoder_sparse_step", 1, SizeLimit::kLayers);
  const auto dense_only = config.optional_counts("mlp_only_layers", SizeLimit::kLayers);
  const Layer sparse = sparse_layer(attention, moe);
  Layer dense;
  dense.attention = attention;
  config.known({"intermediate_size"});  // Qwen3.5 has none: all its layers route
  if (step > 1 || !dense_only.empty() || config.has("intermediate_size"))
    dense.dense = read_dense_ffn(config);
  return layers_by(read_layer_count(config), dense, sparse, [&](std::int64_t i) {
    const bool listed = std::find(dense_only.begin(), dense_only.end(), i) != dense_only.end();
    return !listed && (i + 1) % step == 0;
  });
}

void read_window_if_used(ConfigReader& config, Attention& attention) {
  config.known({"sliding_window", "max_window_layers"});
  if (config.optional_flag("use_sliding_window", false))
    attention.sliding_window = config.maybe_size("sliding_window", SizeLimit::kContext);
}

MoeFfn read_qwen_experts(ConfigReader& config) {
  MoeFfn moe;
  moe.router = config.optional_flag("norm_topk_prob", false) ? "softmax_topk_renorm" : "softmax_topk";
  moe.gate = read_gate(config, config.size("num_experts", SizeLimit::kExperts));
  moe.expert = read_ffn(config, "moe_intermediate_size");
  const std::int64_t shared =
      config.optional_count("shared_expert_intermediate_size", 0, SizeLimit::kIntermediate);
  if (shared > 0) {
    moe.shared_expert = Ffn{.intermediate_size = shared};
    moe.shared_expert_gate = true;
  }
  return moe;
}

}  // namespace

std::vector<Layer> qwen2_moe_layers(ConfigReader& config) {
  Attention attention = read_grouped_attention(config);
  attention.qkv_bias = true;
  read_window_if_used(config, attention);
  return with_sparse_steps(config, attention, read_qwen_experts(config));
}

std::vector<Layer> qwen3_moe_layers(ConfigReader& config) {
  Attention attention = read_grouped_attention(config);
  attention.qkv_bias = attention.output_bias = config.optional_flag("attention_bias", false);
  attention.qk_norm = QkNorm::per_head;
  read_window_if_used(config, attention);
  return with_sparse_steps(config, attention, read_qwen_experts(config));
}

std::vector<Layer> gpt_oss_layers(ConfigReader& config) {
  Layer layer = read_local_experts(config, "topk_softmax");
  layer.attention->qkv_bias = layer.attention->output_bias = config.optional_flag("attention_bias", true);
  layer.attention->sinks = true;
  layer.moe->gate_bias = true;
  layer.moe->expert.bias = true;
  config.known({"experts_per_token", "swiglu_limit"});

  auto layers = repeated(layer, read_layer_count(config));
  const auto types = read_layer_types(config, static_cast<std::int64_t>(layers.size()));
  const std::int64_t window = config.optional_size("sliding_window", 128, SizeLimit::kContext);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool slides = types.empty() ? i % 2 == 0 : types[i] == "sliding_attention";
    if (slides) layers[i].attention->sliding_window = window;
  }
  return layers;
}

/// Llama 4 (Hugging Face modeling_llama4.py): top-1 experts and a shared one in every
/// interleave_moe_layer_step-th layer; three layers of four see at most their own chunk of the context, which
/// is taken as a window of that size.
std::vector<Layer> llama4_layers(ConfigReader& config) {
  Attention attention = read_grouped_attention(config);
  attention.qkv_bias = attention.output_bias = config.optional_flag("attention_bias", false);
  MoeFfn moe;
  moe.router = "topk_sigmoid";
  moe.gate = read_gate(config, config.size("num_local_experts", SizeLimit::kExperts));
  moe.expert = read_dense_ffn(config);
  moe.shared_expert = moe.expert;
  const Layer sparse = sparse_layer(attention, moe);
  const Layer dense = dense_layer(attention, read_ffn(config, "intermediate_size_mlp"));
  const std::int64_t every = config.optional_size("interleave_moe_layer_step", 1, SizeLimit::kLayers);
  auto layers = layers_by(read_layer_count(config), dense, sparse,
                          [&](std::int64_t i) { return (i + 1) % every == 0; });
  const std::int64_t chunk = config.optional_size("attention_chunk_size", 8192, SizeLimit::kContext);
  for (std::size_t i = 0; i < layers.size(); ++i)
    if ((i + 1) % 4 != 0) layers[i].attention->sliding_window = chunk;
  return layers;
}

}  // namespace switchyard
