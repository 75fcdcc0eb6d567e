// Mixture-of-Experts families with grouped-query attention. Semantics are those of Hugging Face transformers'
// modelling code.
#include <algorithm>

#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {

std::vector<Layer> mixtral_layers(ConfigReader& config) {
  MoeFfn moe;
  moe.router = "softmax_topk_renorm";
  moe.gate = read_gate(config, config.size("num_local_experts", SizeLimit::kExperts));
  moe.expert = read_dense_ffn(config);
  Layer layer{.attention = read_grouped_attention(config), .dense = std::nullopt, .moe = moe};
  layer.attention.sliding_window = config.maybe_size("sliding_window", SizeLimit::kContext);
  return repeated(layer, read_layer_count(config));
}

namespace {

/// Every decoder_sparse_step-th layer routes, but for those in mlp_only_layers.
std::vector<Layer> with_sparse_steps(ConfigReader& config, const Layer& dense, const Layer& sparse) {
  const std::int64_t count = read_layer_count(config);
  const std::int64_t step = config.optional_size("decoder_sparse_step", 1, SizeLimit::kLayers);
  const auto dense_only = config.optional_counts("mlp_only_layers", SizeLimit::kLayers);
  std::vector<Layer> layers;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool listed = std::find(dense_only.begin(), dense_only.end(), i) != dense_only.end();
    layers.push_back(!listed && (i + 1) % step == 0 ? sparse : dense);
  }
  return layers;
}

}  // namespace

std::vector<Layer> qwen3_moe_layers(ConfigReader& config) {
  Attention attention = read_grouped_attention(config);
  attention.qkv_bias = attention.output_bias = config.optional_flag("attention_bias", false);
  attention.qk_norm = true;
  if (config.optional_flag("use_sliding_window", false)) {
    attention.sliding_window = config.maybe_size("sliding_window", SizeLimit::kContext);
  }
  config.known({"sliding_window", "max_window_layers"});

  MoeFfn moe;
  moe.router = config.optional_flag("norm_topk_prob", false) ? "softmax_topk_renorm" : "softmax_topk";
  moe.gate = read_gate(config, config.size("num_experts", SizeLimit::kExperts));
  moe.expert.intermediate_size = config.size("moe_intermediate_size", SizeLimit::kIntermediate);
  const Layer dense{.attention = attention, .dense = read_dense_ffn(config), .moe = std::nullopt};
  const Layer sparse{.attention = attention, .dense = std::nullopt, .moe = moe};
  return with_sparse_steps(config, dense, sparse);
}

std::vector<Layer> gpt_oss_layers(ConfigReader& config) {
  Layer layer{.attention = read_grouped_attention(config), .dense = std::nullopt, .moe = MoeFfn{}};
  layer.attention.qkv_bias = layer.attention.output_bias = config.optional_flag("attention_bias", true);
  layer.attention.sinks = true;
  MoeFfn& moe = *layer.moe;
  moe.router = "topk_softmax";
  moe.gate = read_gate(config, config.size("num_local_experts", SizeLimit::kExperts));
  moe.gate_bias = true;
  moe.expert = read_dense_ffn(config);
  moe.expert.bias = true;
  config.known({"experts_per_token", "swiglu_limit"});

  auto layers = repeated(layer, read_layer_count(config));
  const auto types = read_layer_types(config, static_cast<std::int64_t>(layers.size()));
  const std::int64_t window = config.optional_size("sliding_window", 128, SizeLimit::kContext);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool slides = types.empty() ? i % 2 == 0 : types[i] == "sliding_attention";
    if (slides) layers[i].attention.sliding_window = window;
  }
  return layers;
}

}  // namespace switchyard
