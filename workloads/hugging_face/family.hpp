// A family is one "model_type" of Hugging Face's config.json: one function that turns its keys into layers,
// and one row of the table. Parts shared by families are declared in parts.hpp.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "workloads/architecture.hpp"
#include "workloads/hugging_face/config.hpp"

namespace switchyard {

struct ModelFamily {
  std::string_view name;  // the "model_type"
  std::string_view description;
  std::vector<Layer> (*layers)(ConfigReader&);  // throws InputError
  /// What else differs from a decoder with untied embeddings and RMS norms; null: nothing.
  void (*finish)(ConfigReader&, Architecture&) = nullptr;
  std::optional<std::int64_t> context =
      std::nullopt;  // where positions are relative and the config says none
};

/// The menu of supported families.
std::span<const ModelFamily> model_families();

std::vector<Layer> llama_layers(ConfigReader& config);
std::vector<Layer> mistral_layers(ConfigReader& config);
std::vector<Layer> qwen2_layers(ConfigReader& config);
std::vector<Layer> qwen3_layers(ConfigReader& config);
std::vector<Layer> nemotron_nas_layers(ConfigReader& config);
std::vector<Layer> gpt2_layers(ConfigReader& config);

std::vector<Layer> mixtral_layers(ConfigReader& config);
std::vector<Layer> granite_moe_layers(ConfigReader& config);
std::vector<Layer> phi_moe_layers(ConfigReader& config);
std::vector<Layer> grok_layers(ConfigReader& config);
std::vector<Layer> dbrx_layers(ConfigReader& config);
std::vector<Layer> arctic_layers(ConfigReader& config);
std::vector<Layer> olmoe_layers(ConfigReader& config);
std::vector<Layer> qwen2_moe_layers(ConfigReader& config);
std::vector<Layer> qwen3_moe_layers(ConfigReader& config);
std::vector<Layer> gpt_oss_layers(ConfigReader& config);
std::vector<Layer> llama4_layers(ConfigReader& config);
std::vector<Layer> minimax_m2_layers(ConfigReader& config);
std::vector<Layer> minimax_m3_layers(ConfigReader& config);
std::vector<Layer> glm4_moe_layers(ConfigReader& config);
std::vector<Layer> mimo_v2_layers(ConfigReader& config);
std::vector<Layer> step3p7_layers(ConfigReader& config);
std::vector<Layer> gemma4_layers(ConfigReader& config);

std::vector<Layer> deepseek_layers(ConfigReader& config);
std::vector<Layer> deepseek_v2_layers(ConfigReader& config);
std::vector<Layer> deepseek_v3_layers(ConfigReader& config);

std::vector<Layer> qwen3_next_layers(ConfigReader& config);
std::vector<Layer> qwen3_5_layers(ConfigReader& config);
std::vector<Layer> nemotron_h_layers(ConfigReader& config);

std::vector<Layer> bert_layers(ConfigReader& config);
std::vector<Layer> switch_transformers_layers(ConfigReader& config);
std::vector<Layer> switchyard_layers(ConfigReader& config);

/// Families whose RMS norms multiply by 1 + weight (modeling_qwen3_next.py, modeling_step3p5.py).
void centre_norms_on_zero(ConfigReader& config, Architecture& architecture);
/// MiniMax-M3's do where "use_gemma_norm" says so.
void finish_minimax_m3(ConfigReader& config, Architecture& architecture);
void finish_gpt2(ConfigReader& config, Architecture& architecture);
void finish_phi_moe(ConfigReader& config, Architecture& architecture);
void finish_bert(ConfigReader& config, Architecture& architecture);
void finish_switch_transformers(ConfigReader& config, Architecture& architecture);
void finish_switchyard(ConfigReader& config, Architecture& architecture);

}  // namespace switchyard
