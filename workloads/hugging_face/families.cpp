// The menu of families, and the parts of a config.json that are read the same way for all.
#include "sim/base/menu.hpp"
#include "sim/base/quote.hpp"
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"
#include "workloads/hugging_face/reader.hpp"

namespace switchyard {
namespace {

void tie_by_default(ConfigReader& config, Architecture& architecture) {
  architecture.tie_word_embeddings = config.optional_flag("tie_word_embeddings", true);
}

constexpr ModelFamily kFamilies[] = {
    {"llama", "Llama 1 to 3 and their many relatives: dense, grouped-query attention", llama_layers},
    {"mistral", "Mistral: dense, sliding window", mistral_layers},
    {"gpt2", "GPT-2: learned positions, layer norms, biases", gpt2_layers, finish_gpt2},
    {"qwen2", "Qwen 2 and 2.5, dense: biases on queries, keys and values", qwen2_layers},
    {"qwen3", "Qwen 3, dense: norms on queries and keys", qwen3_layers},
    {"qwen3_vl_text", "Qwen 3 VL, its language model", qwen3_layers},
    {"mimo", "MiMo: dense, as Qwen 2", qwen2_layers},
    {"nemotron-nas", "Llama-Nemotron: blocks of different widths, some left out", nemotron_nas_layers},
    {"mixtral", "Mixtral: every layer routes, softmax over the chosen experts", mixtral_layers},
    {"granitemoe", "Granite MoE: many small experts", granite_moe_layers, tie_by_default},
    {"phimoe", "Phi-3.5-MoE: SparseMixer gates", phi_moe_layers, finish_phi_moe},
    {"grinmoe", "GRIN-MoE: SparseMixer gates", phi_moe_layers, finish_phi_moe},
    {"grok-1", "Grok-1: eight wide experts, softmax without renormalisation", grok_layers},
    {"dbrx", "DBRX: sixteen experts, four of them at work", dbrx_layers},
    {"arctic", "Snowflake Arctic: a dense FFN beside the experts", arctic_layers},
    {"olmoe", "OLMoE: norms over all heads, softmax without renormalisation", olmoe_layers},
    {"qwen2_moe", "Qwen 1.5 and 2 with experts and a gated shared expert", qwen2_moe_layers},
    {"qwen3_moe", "Qwen 3 with experts", qwen3_moe_layers},
    {"qwen3_vl_moe_text", "Qwen 3 VL with experts, its language model", qwen3_moe_layers},
    {"gpt_oss", "gpt-oss: alternating sliding windows, attention sinks, biased experts", gpt_oss_layers},
    {"llama4_text", "Llama 4: top-1 experts beside a shared one, chunked attention", llama4_layers},
    {"minimax_m2", "MiniMax-M2: sigmoid gates, norms over all heads", minimax_m2_layers},
    {"minimax_m3", "MiniMax-M3: sparse attention by blocks", minimax_m3_layers, finish_minimax_m3},
    {"mimo_v2_flash", "MiMo-V2: sliding layers with heads of their own", mimo_v2_layers},
    {"step3p7", "Step-3.7: sliding layers, sigmoid gates", step3p7_layers, centre_norms_on_zero},
    {"gemma4_text", "Gemma 4: sliding and global layers, a dense FFN beside the experts", gemma4_layers,
     tie_by_default},
    {"deepseek", "DeepSeekMoE: fine-grained and shared experts, grouped-query attention", deepseek_layers},
    {"deepseek_v2", "DeepSeek-V2: latent attention, softmax gates, device-limited groups",
     deepseek_v2_layers},
    {"deepseek_v3", "DeepSeek-V3 and R1: latent attention, sigmoid gates with a selection bias",
     deepseek_v3_layers},
    {"deepseek_v32", "DeepSeek-V3.2: sparse attention chosen by an indexer", deepseek_v3_layers},
    {"kimi_k2", "Kimi K2: DeepSeek-V3 with more experts in one group", deepseek_v3_layers},
    {"glm4_moe", "GLM-4.5: grouped-query attention, DeepSeek-V3's gates", glm4_moe_layers},
    {"glm_moe_dsa", "GLM-5: latent and sparse attention, DeepSeek-V3's gates", deepseek_v3_layers},
    {"qwen3_next", "Qwen3-Next: gated delta nets between attention layers, experts", qwen3_next_layers,
     centre_norms_on_zero},
    {"qwen3_5_text", "Qwen 3.5, dense: gated delta nets between attention layers", qwen3_5_layers,
     centre_norms_on_zero},
    {"qwen3_5_moe_text", "Qwen 3.5 with experts", qwen3_5_layers, centre_norms_on_zero},
    {"nemotron_h", "Nemotron-H and Nemotron 3: Mamba-2, attention and expert blocks", nemotron_h_layers},
    {"bert", "BERT: an encoder", bert_layers, finish_bert},
    {"switch_transformers", "Switch Transformers: an encoder-decoder with top-1 experts",
     switch_transformers_layers, finish_switch_transformers, 512},
    {"switchyard", "our own keys, for transformers that never had a config.json", switchyard_layers,
     finish_switchyard},
};

/// Families seen in the wild that this version cannot express, and why.
struct UnsupportedFamily {
  std::string_view name;
  std::string_view feature;
};
constexpr UnsupportedFamily kUnsupported[] = {
    {"deepseek_v4", "compressed sparse attention"},
    {"deepseek_ref", "compressed sparse attention (DeepSeek-V4)"},
    {"kimi_linear", "Kimi delta attention with experts on latents"},
    {"jamba", "Mamba-1 layers"},
    {"jetmoe", "mixture of attention heads"},
    {"yuan", "localised filtering attention and attention gates"},
    {"llama_moe", "experts cut out of a dense model, with noisy gates"},
    {"nllb-moe", "top-2 gates with a second expert by policy in an encoder-decoder"},
    {"openmoe", "experts beside an extra dense FFN in every sixth layer"},
    {"xverse", "softmax gates over experts under keys of its own"},
};

/// A layer of one expert and top-1 has nothing to choose: its expert (beside any shared one) is a dense FFN.
void normalise(Layer& layer) {
  if (!layer.moe || layer.moe->gate.num_experts != 1 || layer.dense) return;
  if (layer.moe->latent_size || layer.moe->shared_expert_gate) return;  // not the dense operator
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

const ModelFamily& family_of(ConfigReader& config) {
  if (!config.has("model_type"))
    config.fail("model_type", "is missing; give the family of the model, one of `switchyard list families`");
  const std::string type = config.text("model_type");
  for (const ModelFamily& row : kFamilies)
    if (row.name == type) return row;
  for (const UnsupportedFamily& row : kUnsupported)
    if (row.name == type)
      config.fail("model_type", in_quotes(type) + " is not supported: " + std::string(row.feature));
  config.fail("model_type", "models of type " + in_quotes(type) + " are not supported; " +
                                choices(type, names(model_families())));
}

/// "capacity_factor" is a key of ours, for every family: the configs of Hugging Face have none.
void limit_experts(ConfigReader& config, std::vector<Layer>& layers) {
  const std::optional<double> factor = config.maybe_factor("capacity_factor");
  for (Layer& layer : layers)
    if (layer.moe) layer.moe->capacity_factor = factor;
}

Architecture read_transformer(ConfigReader& config) {
  const ModelFamily& family = family_of(config);
  Architecture architecture;
  architecture.hidden_size = read_hidden_size(config);
  architecture.vocab_size = config.size("vocab_size", SizeLimit::kVocabulary);
  const std::string_view context =
      first_key(config, {"max_position_embeddings", "n_positions", "max_seq_len"});
  architecture.max_position_embeddings =
      family.context ? config.optional_size(context, *family.context, SizeLimit::kContext)
                     : config.size(context, SizeLimit::kContext);
  architecture.tie_word_embeddings = config.optional_flag("tie_word_embeddings", false);
  architecture.layers = family.layers(config);
  if (family.finish != nullptr) family.finish(config, architecture);
  for (Layer& layer : architecture.layers) normalise(layer);
  limit_experts(config, architecture.layers);
  architecture.checkpoint =
      read_checkpoint_precision(config, static_cast<std::int64_t>(architecture.layers.size()));
  return architecture;
}

/// What a checkpoint holds beside the model that generates text.
std::vector<std::string> left_out(ConfigReader& config) {
  std::vector<std::string> notes;
  config.known({"vision_config", "audio_config", "num_nextn_predict_layers", "mtp_num_hidden_layers",
                "num_mtp_modules"});
  if (config.has("vision_config")) notes.emplace_back("the vision tower is not counted");
  for (const std::string_view key :
       {"num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules"}) {
    if (config.optional_count(key, 0, SizeLimit::kLayers) == 0) continue;
    notes.emplace_back("the multi-token-prediction module is not counted");
    break;
  }
  return notes;
}

}  // namespace

void centre_norms_on_zero(ConfigReader&, Architecture& architecture) {
  architecture.zero_centred_norms = true;
}

void finish_minimax_m3(ConfigReader& config, Architecture& architecture) {
  architecture.zero_centred_norms = config.optional_flag("use_gemma_norm", false);
}

std::span<const ModelFamily> model_families() { return kFamilies; }

Architecture read_architecture(ConfigReader& config, const std::string& path) {
  const bool convolutional = config.optional_text("model_type", "") == "convolutional";
  Architecture architecture = convolutional ? read_convolutional(config) : read_transformer(config);
  architecture.name = config.optional_text("name", "custom");
  architecture.source = config.optional_text("source", path);
  architecture.routing_preset = config.optional_text("routing_preset", "random");
  architecture.notes = left_out(config);
  skip_irrelevant(config);
  return architecture;
}

}  // namespace switchyard
