// Encoders and encoder-decoders of Hugging Face: they have parameters, memory and the time of a prompt.
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {

std::vector<Layer> bert_layers(ConfigReader& config) {
  Layer layer = dense_layer(read_grouped_attention(config), read_dense_ffn(config));
  layer.attention->bidirectional = true;
  layer.attention->qkv_bias = layer.attention->output_bias = true;
  layer.dense->gated = false;
  layer.dense->bias = true;
  layer.norm_vectors = 4;
  return repeated(layer, read_layer_count(config));
}

/// Positions, token types, the norm after them, and the pooler.
void finish_bert(ConfigReader& config, Architecture& architecture) {
  const std::int64_t hidden = architecture.hidden_size;
  architecture.form = ModelForm::encoder;
  architecture.tie_word_embeddings = config.optional_flag("tie_word_embeddings", true);
  architecture.final_norm_vectors = 0;
  architecture.position_embeddings = architecture.max_position_embeddings;
  const std::int64_t types = config.optional_size("type_vocab_size", 2, 1 << 16);
  architecture.other_parameters = types * hidden + 2 * hidden + hidden * hidden + hidden;
}

namespace {

Attention read_t5_attention(ConfigReader& config) {
  Attention attention;
  attention.num_attention_heads = attention.num_key_value_heads = config.size("num_heads", SizeLimit::kHeads);
  attention.head_dim = config.size("d_kv", SizeLimit::kHeadDim);
  return attention;
}

Ffn read_t5_ffn(ConfigReader& config) {
  Ffn ffn = read_ffn(config, "d_ff");
  ffn.gated = config.optional_text("feed_forward_proj", "relu").starts_with("gated-");
  return ffn;
}

/// `count` layers of which `sparse` route: every count / sparse-th, the second
/// of each run as in Hugging Face's modeling_switch_transformers.py.
void add_side(ConfigReader& config, std::string_view count_key, std::string_view sparse_key,
              const Layer& dense, const Layer& routed, std::vector<Layer>& layers) {
  const std::int64_t count = config.size(count_key, SizeLimit::kLayers);
  const std::int64_t sparse = config.optional_count(sparse_key, 0, SizeLimit::kLayers);
  if (sparse > count) {
    config.fail(sparse_key,
                std::to_string(sparse) + " is more than the " + std::to_string(count) + " layers");
  }
  const std::int64_t step = sparse == 0 ? 0 : count / sparse;
  const auto side = layers_by(count, dense, routed,
                              [&](std::int64_t i) { return step == 1 || (step > 1 && i % step == 1); });
  layers.insert(layers.end(), side.begin(), side.end());
}

}  // namespace

/// Switch Transformers (arXiv:2101.03961): T5 with top-1 experts. What Hugging Face calls expert_capacity, a
/// number of tokens of one sequence, is not read: our capacity_factor is the paper's.
std::vector<Layer> switch_transformers_layers(ConfigReader& config) {
  Attention attention = read_t5_attention(config);
  attention.bidirectional = true;
  Layer dense = dense_layer(attention, read_t5_ffn(config));
  Layer routed = sparse_layer(attention, MoeFfn{});
  routed.moe->router = "switch_top1";
  routed.moe->gate.num_experts = config.size("num_experts", SizeLimit::kExperts);
  routed.moe->gate.hidden_size = read_hidden_size(config);
  config.known({"num_selected_experts"});
  routed.moe->expert = *dense.dense;

  std::vector<Layer> layers;
  add_side(config, "num_layers", "num_sparse_encoder_layers", dense, routed, layers);
  for (Layer* layer : {&dense, &routed}) {
    layer->attention->bidirectional = false;
    layer->cross_attention = layer->attention;
    layer->norm_vectors = 3;
  }
  add_side(config, "num_decoder_layers", "num_sparse_decoder_layers", dense, routed, layers);
  return layers;
}

/// Relative positions: a bias a bucket and head in the first layer of each side.
void finish_switch_transformers(ConfigReader& config, Architecture& architecture) {
  architecture.form = ModelForm::encoder_decoder;
  architecture.encoder_layers = config.size("num_layers", SizeLimit::kLayers);
  architecture.tie_word_embeddings = config.optional_flag("tie_word_embeddings", true);
  architecture.final_norm_vectors = 2;
  architecture.other_parameters = 2 * config.optional_size("relative_attention_num_buckets", 32, 1 << 16) *
                                  config.size("num_heads", SizeLimit::kHeads);
}

}  // namespace switchyard
