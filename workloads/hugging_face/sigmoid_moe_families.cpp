// Mixture-of-Experts families with grouped-query attention and sigmoid gates of one group (DeepSeek-V3's rule
// without groups). Semantics are those of the models' own modelling code.
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {

std::vector<Layer> minimax_m2_layers(ConfigReader& config) {
  Layer layer = sparse_layer(read_grouped_attention(config), read_sigmoid_moe(config, "num_local_experts"));
  if (config.optional_flag("use_qk_norm", true)) layer.attention->qk_norm = QkNorm::full;
  layer.moe->expert = read_dense_ffn(config);
  return repeated(layer, read_layer_count(config));
}

/// Sparse attention by blocks: a small indexer of its own chooses sparse_topk_blocks blocks of keys.
std::vector<Layer> minimax_m3_layers(ConfigReader& config) {
  Attention attention = read_grouped_attention(config);
  attention.qk_norm = QkNorm::per_head;
  MoeFfn moe = read_sigmoid_moe(config, "num_local_experts");
  moe.expert = read_ffn(config, "moe_intermediate_size");
  if (config.optional_count("n_shared_experts", 0, SizeLimit::kSharedExperts) > 0)
    moe.shared_expert = read_ffn(config, "shared_intermediate_size");
  const Layer sparse = sparse_layer(attention, moe);
  const Layer dense = dense_layer(attention, read_ffn(config, "dense_intermediate_size"));
  const std::int64_t count = read_layer_count(config);
  const auto routes = read_layer_flags(config, "moe_layer_freq", count);
  auto layers = layers_by(count, dense, sparse,
                          [&](std::int64_t i) { return routes[static_cast<std::size_t>(i)] == 1; });
  std::optional<ObjectReader> selection = config.maybe_object("sparse_attention_config");
  if (!selection) return layers;
  const std::int64_t keys = selection->integer("sparse_topk_blocks", {1, 1 << 20}) *
                            selection->integer("sparse_block_size", {1, 1 << 20});
  const SparseIndexer indexer{selection->integer("sparse_num_index_heads", {1, SizeLimit::kHeads}),
                              selection->integer("sparse_index_dim", {1, SizeLimit::kHeadDim}), std::nullopt};
  const auto selects = selection->optional_integers("sparse_attention_freq", {}, {0, 1});
  for (std::size_t i = 0; i < layers.size() && i < selects.size(); ++i) {
    if (selects[i] == 0) continue;
    layers[i].attention->selected_keys = keys;
    layers[i].attention->indexer = indexer;
  }
  return layers;
}

namespace {

/// The heads of MiMo's sliding layers have keys of their own.
Attention with_sliding_heads(ConfigReader& config, const Attention& full) {
  Attention sliding = full;
  sliding.num_attention_heads =
      config.optional_size("swa_num_attention_heads", full.num_attention_heads, SizeLimit::kHeads);
  sliding.num_key_value_heads =
      config.optional_size("swa_num_key_value_heads", full.num_key_value_heads, SizeLimit::kHeads);
  sliding.head_dim = config.optional_size("swa_head_dim", full.head_dim, SizeLimit::kHeadDim);
  sliding.v_head_dim = config.optional_size("swa_v_head_dim", full.value_dim(), SizeLimit::kHeadDim);
  sliding.sliding_window = config.size("sliding_window", SizeLimit::kContext);
  sliding.sinks = config.optional_flag("add_swa_attention_sink_bias", false);
  if (sliding.num_attention_heads % sliding.num_key_value_heads != 0) {
    config.fail("swa_num_key_value_heads", std::to_string(sliding.num_key_value_heads) +
                                               " does not divide the " +
                                               std::to_string(sliding.num_attention_heads) + " heads");
  }
  return sliding;
}

}  // namespace

std::vector<Layer> mimo_v2_layers(ConfigReader& config) {
  Attention full = read_grouped_attention(config);
  full.v_head_dim = config.maybe_size("v_head_dim", SizeLimit::kHeadDim);
  full.sinks = config.optional_flag("add_full_attention_sink_bias", false);
  const Attention sliding = with_sliding_heads(config, full);
  MoeFfn moe = read_sigmoid_moe(config, "n_routed_experts");
  moe.expert = read_ffn(config, "moe_intermediate_size");
  const Layer sparse = sparse_layer(full, moe);
  const Layer dense = dense_layer(full, read_dense_ffn(config));
  const std::int64_t count = read_layer_count(config);
  const auto routes = read_layer_flags(config, "moe_layer_freq", count);
  const auto slides = read_layer_flags(config, "hybrid_layer_pattern", count);
  auto layers = layers_by(count, dense, sparse,
                          [&](std::int64_t i) { return routes[static_cast<std::size_t>(i)] == 1; });
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (slides[i] == 1) layers[i].attention = sliding;
  return layers;
}

std::vector<Layer> step3p7_layers(ConfigReader& config) {
  const Attention attention = read_grouped_attention(config);
  MoeFfn moe = read_sigmoid_moe(config, "num_experts");
  moe.gate.routed_scaling_factor = config.optional_factor("moe_router_scaling_factor", 1.0);
  moe.expert = read_ffn(config, "moe_intermediate_size");
  if (config.has("share_expert_dim")) moe.shared_expert = read_ffn(config, "share_expert_dim");
  const Layer sparse = sparse_layer(attention, moe);
  const Layer dense = dense_layer(attention, read_dense_ffn(config));
  const std::int64_t first = config.optional_count("first_k_dense_replace", 0, SizeLimit::kLayers);
  auto layers =
      layers_by(read_layer_count(config), dense, sparse, [&](std::int64_t i) { return i >= first; });
  limit_listed_windows(config, layers);
  return layers;
}

}  // namespace switchyard
