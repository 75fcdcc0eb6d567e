// Attention, FFN and gate sizes that most families share, with the checks between keys.
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {

std::int64_t read_hidden_size(ConfigReader& config) { return config.size("hidden_size", SizeLimit::kHidden); }

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

Ffn read_dense_ffn(ConfigReader& config) {
  return {.intermediate_size = config.size("intermediate_size", SizeLimit::kIntermediate)};
}

GateShape read_gate(ConfigReader& config, std::int64_t num_experts) {
  GateShape gate;
  gate.num_experts = num_experts;
  gate.num_experts_per_tok = config.size("num_experts_per_tok", SizeLimit::kTopK);
  if (gate.num_experts_per_tok > num_experts) {
    config.fail("num_experts_per_tok", std::to_string(gate.num_experts_per_tok) + " is more than the " +
                                           std::to_string(num_experts) + " experts of a layer");
  }
  gate.hidden_size = read_hidden_size(config);
  return gate;
}

std::vector<std::string> read_layer_types(ConfigReader& config, std::int64_t layer_count) {
  auto types = config.optional_texts("layer_types", {"sliding_attention", "full_attention"});
  if (!types.empty() && static_cast<std::int64_t>(types.size()) < layer_count) {
    config.fail("layer_types", "names " + std::to_string(types.size()) + " layers of " +
                                   std::to_string(layer_count) + "; give one entry a layer");
  }
  return types;
}

std::vector<Layer> repeated(const Layer& layer, std::int64_t count) {
  return std::vector<Layer>(static_cast<std::size_t>(count), layer);
}

}  // namespace switchyard
