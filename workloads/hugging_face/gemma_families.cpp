// Gemma 4 (Hugging Face modeling_gemma4.py): sliding layers and, every so often, a global one with heads of
// its own, whose keys are its values too; with experts, a dense FFN stands beside them.
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

Attention with_global_heads(ConfigReader& config, const Attention& sliding) {
  Attention global = sliding;
  global.head_dim = config.optional_size("global_head_dim", sliding.head_dim, SizeLimit::kHeadDim);
  global.num_key_value_heads =
      config.optional_size("num_global_key_value_heads", sliding.num_key_value_heads, SizeLimit::kHeads);
  if (global.num_attention_heads % global.num_key_value_heads != 0) {
    config.fail("num_global_key_value_heads", std::to_string(global.num_key_value_heads) +
                                                  " does not divide the " +
                                                  std::to_string(global.num_attention_heads) + " heads");
  }
  global.values_are_keys = config.optional_flag("attention_k_eq_v", false);
  return global;
}

void refuse_unless_zero(ConfigReader& config, std::string_view key, const std::string& feature) {
  if (config.optional_count(key, 0, SizeLimit::kOther) != 0)
    config.fail(key, feature + " is not supported; give 0");
}

}  // namespace

std::vector<Layer> gemma4_layers(ConfigReader& config) {
  refuse_unless_zero(config, "hidden_size_per_layer_input", "an embedding of its own for every layer");
  refuse_unless_zero(config, "num_kv_shared_layers", "a KV cache shared by layers");
  Layer layer = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  layer.attention->qk_norm = QkNorm::per_head;
  layer.norm_vectors = 4;  // before and after attention and FFN
  if (config.optional_flag("enable_moe_block", false)) {
    MoeFfn& moe = layer.moe.emplace();
    moe.router = "softmax_topk_renorm";
    moe.gate = read_gate(config, config.size("num_experts", SizeLimit::kExperts), "top_k_experts");
    moe.expert = read_ffn(config, "moe_intermediate_size");
    layer.norm_vectors = 7;
  }
  const Attention global = with_global_heads(config, *layer.attention);
  layer.attention->sliding_window = config.size("sliding_window", SizeLimit::kContext);
  auto layers = repeated(layer, read_layer_count(config));
  const auto types = read_layer_types(config, static_cast<std::int64_t>(layers.size()));
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (types.empty() ? (i + 1) % 6 == 0 : types[i] == "full_attention") layers[i].attention = global;
  return layers;
}

}  // namespace switchyard
