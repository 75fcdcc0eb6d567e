// The menu of families, and the parts of a config.json that are read the same way for all.
#include <array>

#include "sim/base/menu.hpp"
#include "sim/base/quote.hpp"
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"
#include "workloads/hugging_face/reader.hpp"

namespace switchyard {
namespace {

constexpr std::array<ModelFamily, 9> kFamilies = {{
    {"llama", "Llama 1 to 3 and their many relatives: dense, grouped-query attention", llama_layers},
    {"mistral", "Mistral: dense, sliding window", mistral_layers},
    {"mixtral", "Mixtral: every layer routes, softmax over the chosen experts", mixtral_layers},
    {"qwen2", "Qwen 2 and 2.5, dense: biases on queries, keys and values", qwen2_layers},
    {"qwen3", "Qwen 3, dense: norms on queries and keys", qwen3_layers},
    {"qwen3_moe", "Qwen 3 with experts", qwen3_moe_layers},
    {"gpt_oss", "gpt-oss: alternating sliding windows, attention sinks, biased experts", gpt_oss_layers},
    {"deepseek_v2", "DeepSeek-V2: latent attention, softmax gates, device-limited groups",
     deepseek_v2_layers},
    {"deepseek_v3", "DeepSeek-V3 and R1: latent attention, sigmoid gates with a selection bias",
     deepseek_v3_layers},
}};

/// A layer of one expert and top-1 has nothing to choose: its expert (beside any shared one) is a dense FFN.
void normalise(Layer& layer) {
  if (!layer.moe || layer.moe->gate.num_experts != 1 || layer.dense) return;
  Ffn ffn = layer.moe->expert;
  if (layer.moe->shared_expert) ffn.intermediate_size += layer.moe->shared_expert->intermediate_size;
  layer.dense = ffn;
  layer.moe.reset();
}

/// Keys that change neither sizes nor time.
void skip_irrelevant(ConfigReader& config) {
  config.known({"architectures",        "attention_dropout", "auto_map",
                "bos_token_id",         "eos_token_id",      "pad_token_id",
                "hidden_act",           "initializer_range", "initial_context_length",
                "output_router_logits", "pretraining_tp",    "rms_norm_eps",
                "rope_scaling",         "rope_theta",        "router_aux_loss_coef",
                "aux_loss_alpha",       "seq_aux",           "ep_size",
                "transformers_version", "use_cache"});
}

}  // namespace

std::span<const ModelFamily> model_families() { return kFamilies; }

Architecture read_architecture(ConfigReader& config, const std::string& path) {
  const std::string type = config.text("model_type");
  const ModelFamily* family = nullptr;
  for (const ModelFamily& row : kFamilies) {
    if (row.name == type) family = &row;
  }
  if (family == nullptr) {
    config.fail("model_type", "models of type " + in_quotes(type) + " are not supported; " +
                                  choices(type, names(model_families())));
  }

  Architecture architecture;
  architecture.name = config.optional_text("name", "custom");
  architecture.source = config.optional_text("source", path);
  architecture.routing_preset = config.optional_text("routing_preset", "random");
  architecture.hidden_size = read_hidden_size(config);
  architecture.vocab_size = config.size("vocab_size", SizeLimit::kVocabulary);
  architecture.max_position_embeddings = config.size("max_position_embeddings", SizeLimit::kContext);
  architecture.tie_word_embeddings = config.optional_flag("tie_word_embeddings", false);
  architecture.layers = family->layers(config);
  for (Layer& layer : architecture.layers) normalise(layer);
  architecture.checkpoint = read_checkpoint_precision(config);
  skip_irrelevant(config);
  return architecture;
}

}  // namespace switchyard
