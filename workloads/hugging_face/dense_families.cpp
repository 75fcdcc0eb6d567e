// Families whose layers are all dense. Semantics are those of Hugging Face transformers' modelling code.
#include <algorithm>

#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {

std::vector<Layer> llama_layers(ConfigReader& config) {
  Layer layer = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  layer.attention->qkv_bias = layer.attention->output_bias = config.optional_flag("attention_bias", false);
  layer.dense->bias = config.optional_flag("mlp_bias", false);
  return repeated(layer, read_layer_count(config));
}

std::vector<Layer> mistral_layers(ConfigReader& config) {
  Layer layer = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  layer.attention->sliding_window = config.maybe_size("sliding_window", SizeLimit::kContext);
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
    if (slides) layers[index].attention->sliding_window = window;
  }
}

}  // namespace

std::vector<Layer> qwen2_layers(ConfigReader& config) {
  Layer layer = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  layer.attention->qkv_bias = true;
  auto layers = repeated(layer, read_layer_count(config));
  limit_windows(config, layers);
  return layers;
}

std::vector<Layer> qwen3_layers(ConfigReader& config) {
  Layer layer = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  layer.attention->qkv_bias = layer.attention->output_bias = config.optional_flag("attention_bias", false);
  layer.attention->qk_norm = QkNorm::per_head;
  auto layers = repeated(layer, read_layer_count(config));
  limit_windows(config, layers);
  return layers;
}

namespace {

/// NVIDIA's search over blocks (Puzzle, arXiv:2411.19146; DeciLM's modeling_decilm.py): the FFN's width is
/// 2/3 x multiplier x hidden, rounded up to 256.
std::optional<Ffn> read_block_ffn(ObjectReader block, std::int64_t hidden) {
  if (block.optional_boolean("no_op", false)) return std::nullopt;
  if (block.optional_boolean("replace_with_linear", false))
    block.fail("replace_with_linear", "linear layers in place of FFNs are not supported");
  const double multiplier = block.number("ffn_mult", {0.0, 64.0, NumberRange::Ends::open_below});
  const auto width = static_cast<std::int64_t>(2.0 * multiplier * static_cast<double>(hidden) / 3.0);
  return Ffn{.intermediate_size = std::max<std::int64_t>(256, (width + 255) / 256 * 256)};
}

std::optional<Attention> read_block_attention(ObjectReader block, const Attention& heads) {
  if (block.optional_boolean("no_op", false)) return std::nullopt;
  if (block.optional_boolean("replace_with_linear", false))
    block.fail("replace_with_linear", "linear layers in place of attention are not supported");
  for (const std::string_view key : {"window_length", "num_sink_tokens", "sparsify"})
    if (block.has(key)) block.fail(key, "is not supported; give null");
  Attention attention = heads;
  const std::int64_t group = block.integer("n_heads_in_group", {1, heads.num_attention_heads});
  if (heads.num_attention_heads % group != 0) {
    block.fail("n_heads_in_group", std::to_string(group) + " does not divide the " +
                                       std::to_string(heads.num_attention_heads) + " attention heads");
  }
  attention.num_key_value_heads = heads.num_attention_heads / group;
  return attention;
}

}  // namespace

std::vector<Layer> nemotron_nas_layers(ConfigReader& config) {
  const Attention heads = read_grouped_attention(config);
  const std::int64_t hidden = read_hidden_size(config);
  const std::vector<ObjectReader> blocks = config.objects("block_configs");
  if (static_cast<std::int64_t>(blocks.size()) != read_layer_count(config)) {
    config.fail("block_configs", "has " + std::to_string(blocks.size()) + " entries for " +
                                     std::to_string(read_layer_count(config)) + " layers");
  }
  std::vector<Layer> layers;
  for (ObjectReader block : blocks) {
    Layer layer;
    layer.attention = read_block_attention(block.object("attention"), heads);
    layer.dense = read_block_ffn(block.object("ffn"), hidden);
    layer.norm_vectors = (layer.attention ? 1 : 0) + (layer.dense ? 1 : 0);
    layers.push_back(layer);
  }
  return layers;
}

std::vector<Layer> gpt2_layers(ConfigReader& config) {
  Layer layer;
  const std::int64_t hidden = config.size("n_embd", SizeLimit::kHidden);
  Attention& attention = layer.attention.emplace();
  attention.num_attention_heads = attention.num_key_value_heads = config.size("n_head", SizeLimit::kHeads);
  if (hidden % attention.num_attention_heads != 0) {
    config.fail("n_head", std::to_string(attention.num_attention_heads) + " heads do not share n_embd " +
                              std::to_string(hidden));
  }
  attention.head_dim = hidden / attention.num_attention_heads;
  attention.qkv_bias = attention.output_bias = true;
  layer.dense =
      Ffn{.intermediate_size = config.optional_size("n_inner", 4 * hidden, SizeLimit::kIntermediate),
          .gated = false,
          .bias = true};
  layer.norm_vectors = 4;
  return repeated(layer, config.size("n_layer", SizeLimit::kLayers));
}

void finish_gpt2(ConfigReader& config, Architecture& architecture) {
  architecture.final_norm_vectors = 2;
  architecture.position_embeddings = config.size("n_positions", SizeLimit::kContext);
  architecture.tie_word_embeddings = config.optional_flag("tie_word_embeddings", true);
}

}  // namespace switchyard
