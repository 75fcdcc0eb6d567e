// "model_type": "switchyard": our own keys for transformers that never had a config.json (GPT-3, GLaM,
// GShard, DeepSpeed-MoE, V-MoE). Beside the usual sizes:
//   "form"              "decoder", "encoder" or "encoder_decoder" (then num_encoder_layers and
//                       num_decoder_layers in place of num_hidden_layers)
//   "gated_ffn", "gated_experts"  three matrices rather than two (default false)
//   "bias"              on every projection of attention and FFN (default false)
//   "layer_norm"        norms with a bias; else RMS norms (default false)
//   "learned_positions" an embedding a position (default false)
//   "num_experts"       a number, or a list with one a routing layer
//   "moe_layer_freq"    every so many layers the last routes (default 1: all)
//   "residual_ffn"      a dense FFN of intermediate_size beside the experts (default false)
//   "router"            a row of `switchyard list routers` that gives every token num_experts_per_tok experts
//                       by its scores
#include <algorithm>

#include "kernels/expert_router.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/quote.hpp"
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

const std::vector<std::string> kForms = {"decoder", "encoder", "encoder_decoder"};

/// Experts of each routing layer, in turn; empty for a dense model.
std::vector<std::int64_t> read_experts(ConfigReader& config, std::int64_t routing_layers) {
  if (!config.has("num_experts")) return {};
  if (!config.is_list("num_experts"))
    return std::vector<std::int64_t>(static_cast<std::size_t>(routing_layers),
                                     config.size("num_experts", SizeLimit::kExperts));
  auto experts = config.optional_counts("num_experts", SizeLimit::kExperts);
  if (static_cast<std::int64_t>(experts.size()) != routing_layers ||
      std::find(experts.begin(), experts.end(), 0) != experts.end()) {
    config.fail("num_experts", "is not a list of " + std::to_string(routing_layers) +
                                   " numbers above 0, one a routing layer");
  }
  return experts;
}

Layer read_dense_layer(ConfigReader& config) {
  const bool bias = config.optional_flag("bias", false);
  Layer layer = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  layer.attention->qkv_bias = layer.attention->output_bias = bias;
  layer.dense->gated = config.optional_flag("gated_ffn", false);
  layer.dense->bias = bias;
  layer.norm_vectors = config.optional_flag("layer_norm", false) ? 4 : 2;
  return layer;
}

/// A model's layers are routed token by token, with as many experts each as the gate's top-k.
std::string read_router(ConfigReader& config, const GateShape& gate) {
  std::string name = config.choice("router", names(expert_routers()));
  const ExpertRouter& router = choose(expert_routers(), name, "router");
  if (router.by != RoutesBy::scores || router.columns(gate) != gate.num_experts_per_tok) {
    config.fail("router", in_quotes(name) + " does not give every token of a model num_experts_per_tok = " +
                              std::to_string(gate.num_experts_per_tok) +
                              " experts by its own scores; give another of `switchyard list routers`");
  }
  if (gate.num_experts_per_tok < router.top_k.min || gate.num_experts_per_tok > router.top_k.max) {
    config.fail("num_experts_per_tok", std::to_string(gate.num_experts_per_tok) +
                                           " does not go with router " + in_quotes(name) +
                                           ", which gives a token " + std::to_string(router.top_k.max));
  }
  return name;
}

Layer with_experts(ConfigReader& config, Layer layer, std::int64_t experts) {
  MoeFfn& moe = layer.moe.emplace();
  moe.gate = read_gate(config, experts);
  moe.router = read_router(config, moe.gate);
  moe.expert = read_ffn(config, "moe_intermediate_size");
  moe.expert.gated = config.optional_flag("gated_experts", false);
  moe.expert.bias = layer.dense->bias;
  if (!config.optional_flag("residual_ffn", false)) layer.dense.reset();
  return layer;
}

}  // namespace

std::vector<Layer> switchyard_layers(ConfigReader& config) {
  const bool two_sides = config.choice("form", kForms) == "encoder_decoder";
  const std::int64_t encoder = two_sides ? config.size("num_encoder_layers", SizeLimit::kLayers) : 0;
  const std::int64_t rest =
      config.size(two_sides ? "num_decoder_layers" : "num_hidden_layers", SizeLimit::kLayers);
  const std::int64_t every = config.optional_size("moe_layer_freq", 1, SizeLimit::kLayers);
  const auto experts = read_experts(config, (encoder + rest) / every);
  const Layer dense = read_dense_layer(config);
  std::vector<Layer> layers;
  for (std::int64_t i = 0; i < encoder + rest; ++i) {
    const auto routing = static_cast<std::size_t>((i + 1) / every) - 1;
    const bool routes = !experts.empty() && (i + 1) % every == 0;
    layers.push_back(routes ? with_experts(config, dense, experts[routing]) : dense);
  }
  return layers;
}

void finish_switchyard(ConfigReader& config, Architecture& architecture) {
  const std::string form = config.choice("form", kForms);
  if (form == "encoder") architecture.form = ModelForm::encoder;
  if (form == "encoder_decoder") {
    architecture.form = ModelForm::encoder_decoder;
    architecture.encoder_layers = config.size("num_encoder_layers", SizeLimit::kLayers);
  }
  const std::int64_t norm = config.optional_flag("layer_norm", false) ? 2 : 1;
  architecture.final_norm_vectors = form == "encoder_decoder" ? 2 * norm : norm;
  if (config.optional_flag("learned_positions", false))
    architecture.position_embeddings = architecture.max_position_embeddings;
  architecture.other_parameters = config.optional_count("other_parameters", 0, SizeLimit::kOther);
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    Layer& layer = architecture.layers[i];
    const bool reads = form == "encoder" || static_cast<std::int64_t>(i) < architecture.encoder_layers;
    layer.attention->bidirectional = reads;
    if (reads || form == "decoder") continue;
    layer.cross_attention = layer.attention;
    layer.norm_vectors += norm;
  }
}

}  // namespace switchyard
