// A family is one "model_type" of Hugging Face's config.json: one function that turns its keys into layers,
// and one row of the table. Parts shared by families are declared in parts.hpp.
#pragma once

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
};

/// The menu of supported families.
std::span<const ModelFamily> model_families();

std::vector<Layer> llama_layers(ConfigReader& config);
std::vector<Layer> mistral_layers(ConfigReader& config);
std::vector<Layer> mixtral_layers(ConfigReader& config);
std::vector<Layer> qwen2_layers(ConfigReader& config);
std::vector<Layer> qwen3_layers(ConfigReader& config);
std::vector<Layer> qwen3_moe_layers(ConfigReader& config);
std::vector<Layer> gpt_oss_layers(ConfigReader& config);
std::vector<Layer> deepseek_v2_layers(ConfigReader& config);
std::vector<Layer> deepseek_v3_layers(ConfigReader& config);

}  // namespace switchyard
