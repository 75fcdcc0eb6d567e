// Families whose layers are all dense. Semantics are those of Hugging Face transformers' modelling code.
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {

std::vector<Layer> llama_layers(ConfigReader& config) {
  Layer layer{
      .attention = read_grouped_attention(config), .dense = read_dense_ffn(config), .moe = std::nullopt};
  layer.attention.qkv_bias = layer.attention.output_bias = config.optional_flag("attention_bias", false);
  layer.dense->bias = config.optional_flag("mlp_bias", false);
  return repeated(layer, read_layer_count(config));
}

std::vector<Layer> mistral_layers(ConfigReader& config) {
  Layer layer{
      .attention = read_grouped_attention(config), .dense = read_dense_ffn(config), .moe = std::nullopt};
  layer.attention.sliding_window = config.maybe_size("sliding_window", SizeLimit::kContext);
  return repeated(layer, read_layer_count(config));
}

namespace {

/// Qwen's window counts only when use_sliding_window is set, and then from layer max_window_layers on, unless
/// layer_types says which layers have it.
void limit_windows(ConfigReader& config, std::vector<Layer>& layers) {
  const auto window = config.maybe_size("sliding_window", SizeLimit::kContext);
  const auto count = static_cast<std::int64_t>(layers.size());
  const std::int64_t first = config.optional_count("max_window_layers", 28, SizeLimit::kLayers);
  const auto types = read_layer_types(config, count);
  if (!config.optional_flag("use_sliding_window", false) || !window) return;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const bool slides = types.empty() ? i >= first : types[index] == "sliding_attention";
    if (slides) layers[index].attention.sliding_window = window;
  }
}

}  // namespace

std::vector<Layer> qwen2_layers(ConfigReader& config) {
  Layer layer{
      .attention = read_grouped_attention(config), .dense = read_dense_ffn(config), .moe = std::nullopt};
  layer.attention.qkv_bias = true;
  auto layers = repeated(layer, read_layer_count(config));
  limit_windows(config, layers);
  return layers;
}

std::vector<Layer> qwen3_layers(ConfigReader& config) {
  Layer layer{
      .attention = read_grouped_attention(config), .dense = read_dense_ffn(config), .moe = std::nullopt};
  layer.attention.qkv_bias = layer.attention.output_bias = config.optional_flag("attention_bias", false);
  layer.attention.qk_norm = true;
  auto layers = repeated(layer, read_layer_count(config));
  limit_windows(config, layers);
  return layers;
}

}  // namespace switchyard
