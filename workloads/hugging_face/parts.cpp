// Attention, FFN and gate sizes that most families share, with the checks between keys.
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

const std::vector<std::string> kLayerTypes = {"full_attention", "sliding_attention", "chunked_attention",
                                              "linear_attention"};

}  // namespace

std::string_view first_key(const ConfigReader& config, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (config.has(key)) return key;
  return *keys.begin();
}

std::int64_t read_hidden_size(ConfigReader& config) {
  return config.size(first_key(config, {"hidden_size", "n_embd", "d_model"}), SizeLimit::kHidden);
}

std::int64_t read_layer_count(ConfigReader& config) {
  return config.size("num_hidden_layers", SizeLimit::kLayers);
}

Attention read_grouped_attention(ConfigReader& config) {
  Attention attention;
  const std::int64_t hidden = read_hidden_size(config);
  const std::int64_t heads = config.size("num_attention_heads", SizeLimit::kHeads);
  attention.num_attention_heads = heads;
  attention.num_key_value_heads = config.optional_size("num_key_value_heads", heads, SizeLimit::kHeads);
  if (heads % attention.num_key_value_heads != 0) {
    config.fail("num_key_value_heads", std::to_string(attention.num_key_value_heads) +
                                           " does not divide the " + std::to_string(heads) +
                                           " attention heads");
  }
  const auto head_dim = config.maybe_size("head_dim", SizeLimit::kHeadDim);
  if (!head_dim && (hidden % heads != 0 || hidden / heads > SizeLimit::kHeadDim)) {
    config.fail("num_attention_heads", std::to_string(heads) + " heads do not share a hidden size of " +
                                           std::to_string(hidden) + "; give head_dim (at most " +
                                           std::to_string(SizeLimit::kHeadDim) + ")");
  }
  attention.head_dim = head_dim ? *head_dim : hidden / heads;
  return attention;
}

Ffn read_dense_ffn(ConfigReader& config) { return read_ffn(config, "intermediate_size"); }

Ffn read_ffn(ConfigReader& config, std::string_view key) {
  return {.intermediate_size = config.size(key, SizeLimit::kIntermediate)};
}

GateShape read_gate(ConfigReader& config, std::int64_t num_experts, std::string_view top_k_key) {
  GateShape gate;
  gate.num_experts = num_experts;
  gate.num_experts_per_tok = config.size(top_k_key, SizeLimit::kTopK);
  if (gate.num_experts_per_tok > num_experts) {
    config.fail(top_k_key, std::to_string(gate.num_experts_per_tok) + " is more than the " +
                               std::to_string(num_experts) + " experts of a layer");
  }
  gate.hidden_size = read_hidden_size(config);
  return gate;
}

std::string read_biased_router(ConfigReader& config) {
  const std::string scoring = config.optional_choice("scoring_func", "sigmoid", {"sigmoid", "sqrtsoftplus"});
  return scoring == "sigmoid" ? "noaux_tc" : "sqrt_softplus";
}

MoeFfn read_sigmoid_moe(ConfigReader& config, std::string_view experts_key) {
  MoeFfn moe;
  moe.router = read_biased_router(config);
  moe.gate = read_gate(config, config.size(experts_key, SizeLimit::kExperts));
  moe.selection_bias = true;
  moe.gate.routed_scaling_factor = config.optional_factor("routed_scaling_factor", 1.0);
  return moe;
}

Layer dense_layer(const Attention& attention, const Ffn& ffn) {
  Layer layer;
  layer.attention = attention;
  layer.dense = ffn;
  return layer;
}

Layer sparse_layer(const Attention& attention, const MoeFfn& moe) {
  Layer layer;
  layer.attention = attention;
  layer.moe = moe;
  return layer;
}

std::vector<Layer> layers_by(std::int64_t count, const Layer& dense, const Layer& sparse,
                             const std::function<bool(std::int64_t)>& is_sparse) {
  std::vector<Layer> layers;
  for (std::int64_t i = 0; i < count; ++i) layers.push_back(is_sparse(i) ? sparse : dense);
  return layers;
}

std::vector<std::int64_t> read_layer_flags(ConfigReader& config, std::string_view key, std::int64_t count) {
  auto flags = config.optional_counts(key, 1);
  if (static_cast<std::int64_t>(flags.size()) < count) {
    config.fail(key, "has " + std::to_string(flags.size()) + " entries for " + std::to_string(count) +
                         " layers; give one entry, 0 or 1, a layer");
  }
  return flags;
}

std::vector<std::string> read_layer_types(ConfigReader& config, std::int64_t layer_count) {
  auto types = config.optional_texts("layer_types", kLayerTypes);
  if (!types.empty() && static_cast<std::int64_t>(types.size()) < layer_count) {
    config.fail("layer_types", "names " + std::to_string(types.size()) + " layers of " +
                                   std::to_string(layer_count) + "; give one entry a layer");
  }
  return types;
}

void limit_listed_windows(ConfigReader& config, std::vector<Layer>& layers) {
  const auto types = read_layer_types(config, static_cast<std::int64_t>(layers.size()));
  const auto window = config.maybe_size("sliding_window", SizeLimit::kContext);
  for (std::size_t i = 0; window && i < types.size() && i < layers.size(); ++i)
    if (types[i] == "sliding_attention") layers[i].attention->sliding_window = window;
}

std::vector<Layer> repeated(const Layer& layer, std::int64_t count) {
  return std::vector<Layer>(static_cast<std::size_t>(count), layer);
}

}  // namespace switchyard
