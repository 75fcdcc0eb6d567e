// Families that mix attention with linear attention. Semantics are those of Hugging Face transformers'
// modelling code.
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

/// Gated delta net of Qwen3-Next (modeling_qwen3_next.py).
LinearAttention read_gated_delta_net(ConfigReader& config) {
  LinearAttention linear;
  linear.num_key_heads = config.size("linear_num_key_heads", SizeLimit::kHeads);
  linear.num_value_heads = config.size("linear_num_value_heads", SizeLimit::kHeads);
  linear.key_head_dim = config.size("linear_key_head_dim", SizeLimit::kHeadDim);
  linear.value_head_dim = config.size("linear_value_head_dim", SizeLimit::kHeadDim);
  linear.conv_kernel = config.size("linear_conv_kernel_dim", 64);
  linear.projected_scalars = 2;
  linear.learned_scalars = 2;
  linear.norm_per_head = true;
  return linear;
}

/// Linear attention in the layers that "layer_types" says, else in all but every full_attention_interval-th.
void place_linear_attention(ConfigReader& config, std::vector<Layer>& layers) {
  const LinearAttention linear = read_gated_delta_net(config);
  const auto types = read_layer_types(config, static_cast<std::int64_t>(layers.size()));
  const auto interval =
      static_cast<std::size_t>(config.optional_size("full_attention_interval", 4, SizeLimit::kLayers));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool is_linear = types.empty() ? (i + 1) % interval != 0 : types[i] == "linear_attention";
    if (!is_linear) continue;
    layers[i].attention.reset();
    layers[i].linear_attention = linear;
  }
}

void gate_outputs(std::vector<Layer>& layers) {
  for (Layer& layer : layers) layer.attention->output_gate = true;
}

void renormalise_gates(std::vector<Layer>& layers) {
  for (Layer& layer : layers)
    if (layer.moe) layer.moe->router = "softmax_topk_renorm";
}

}  // namespace

/// Unlike Qwen 3's, its gate renormalises where the config says nothing.
std::vector<Layer> qwen3_next_layers(ConfigReader& config) {
  auto layers = qwen3_moe_layers(config);
  if (!config.has("norm_topk_prob")) renormalise_gates(layers);
  gate_outputs(layers);
  place_linear_attention(config, layers);
  return layers;
}

/// Qwen3.5, dense or with experts; its gate always renormalises.
std::vector<Layer> qwen3_5_layers(ConfigReader& config) {
  auto layers = config.has("num_experts") ? qwen3_moe_layers(config) : qwen3_layers(config);
  renormalise_gates(layers);
  gate_outputs(layers);
  place_linear_attention(config, layers);
  return layers;
}

namespace {

LinearAttention read_mamba2(ConfigReader& config) {
  LinearAttention mamba;
  mamba.num_key_heads = config.size("n_groups", SizeLimit::kHeads);
  mamba.num_value_heads = config.size("mamba_num_heads", SizeLimit::kHeads);
  mamba.key_head_dim = config.size("ssm_state_size", SizeLimit::kHeadDim);
  mamba.value_head_dim = config.size("mamba_head_dim", SizeLimit::kHeadDim);
  mamba.conv_kernel = config.size("conv_kernel", 64);
  mamba.chunk_size = config.optional_size("chunk_size", 128, 1 << 16);
  mamba.conv_bias = config.optional_flag("use_conv_bias", true);
  return mamba;
}

MoeFfn read_nemotron_experts(ConfigReader& config) {
  MoeFfn moe = read_sigmoid_moe(config, "n_routed_experts");
  moe.expert = read_ffn(config, "moe_intermediate_size");
  moe.expert.gated = false;  // squared ReLU
  if (config.optional_count("n_shared_experts", 0, SizeLimit::kSharedExperts) > 0) {
    moe.shared_expert = read_ffn(config, "moe_shared_expert_intermediate_size");
    moe.shared_expert->gated = false;
  }
  moe.latent_size = config.maybe_size("moe_latent_size", SizeLimit::kHidden);
  return moe;
}

Attention read_nemotron_attention(ConfigReader& config) {
  Attention attention = read_grouped_attention(config);
  attention.head_dim = config.optional_size("attention_head_dim", attention.head_dim, SizeLimit::kHeadDim);
  attention.qkv_bias = attention.output_bias = config.optional_flag("attention_bias", false);
  return attention;
}

/// One block a layer: letters of hybrid_override_pattern, or words of layers_block_type.
std::vector<std::string> read_blocks(ConfigReader& config) {
  if (!config.has("hybrid_override_pattern"))
    return config.optional_texts("layers_block_type", {"mamba", "attention", "moe", "mlp"});
  std::vector<std::string> blocks;
  for (const char letter : config.text("hybrid_override_pattern")) {
    switch (letter) {
      case 'M':
        blocks.emplace_back("mamba");
        break;
      case '*':
        blocks.emplace_back("attention");
        break;
      case 'E':
        blocks.emplace_back("moe");
        break;
      case '-':
        blocks.emplace_back("mlp");
        break;
      default:
        config.fail("hybrid_override_pattern",
                    "has a letter that names no block; choose from M (Mamba-2), * "
                    "(attention), E (experts) and - (FFN)");
    }
  }
  return blocks;
}

Layer nemotron_layer(ConfigReader& config, const std::string& block) {
  Layer layer;
  layer.norm_vectors = 1;
  if (block == "mamba") layer.linear_attention = read_mamba2(config);
  if (block == "attention") layer.attention = read_nemotron_attention(config);
  if (block == "moe") layer.moe = read_nemotron_experts(config);
  if (block == "mlp") {
    layer.dense = read_dense_ffn(config);
    layer.dense->gated = false;
  }
  return layer;
}

}  // namespace

/// Nemotron-H (arXiv:2504.03624) and Nemotron 3: every layer is one block.
std::vector<Layer> nemotron_h_layers(ConfigReader& config) {
  const std::vector<std::string> blocks = read_blocks(config);
  const std::string key =
      config.has("hybrid_override_pattern") ? "hybrid_override_pattern" : "layers_block_type";
  if (blocks.empty() || static_cast<std::int64_t>(blocks.size()) > SizeLimit::kLayers) {
    config.fail(key, "names " + std::to_string(blocks.size()) + " blocks; give one a layer, 1 to " +
                         std::to_string(SizeLimit::kLayers));
  }
  const auto count = static_cast<std::int64_t>(blocks.size());
  if (config.optional_size("num_hidden_layers", count, SizeLimit::kLayers) != count)
    config.fail(key, "names " + std::to_string(count) + " blocks, other than num_hidden_layers");
  std::vector<Layer> layers;
  for (const std::string& block : blocks) layers.push_back(nemotron_layer(config, block));
  return layers;
}

}  // namespace switchyard
