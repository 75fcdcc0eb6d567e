// The number formats of a checkpoint. "quantization_config" is written by many tools; those not listed are
// refused rather than guessed, because a wrong format is a wrong memory footprint.
#include <set>

#include "sim/base/quote.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

const std::vector<std::string> kQuantMethods = {"fp8", "mxfp4", "modelopt", "compressed-tensors"};
const std::vector<std::string> kModelOptFormats = {"FP8", "NVFP4", "W4A16_NVFP4"};

PrecisionByRole unquantized(ConfigReader& config) {
  const std::vector<std::string> types = {"bfloat16", "float16", "float32"};
  const std::string key = config.has("dtype") ? "dtype" : "torch_dtype";
  config.known({"dtype", "torch_dtype"});
  const std::string type = config.optional_choice(key, "bfloat16", types);
  // Engines serve fp32 checkpoints in 16 bits.
  return PrecisionByRole::all(type == "float16" ? Precision::fp16 : Precision::bf16);
}

[[noreturn]] void refuse(const ObjectReader& quantization, std::string_view key, const std::string& format,
                         const std::vector<std::string>& known) {
  quantization.fail(key, "checkpoints of format " + in_quotes(format) + " are not supported; " +
                             choices(format, known) +
                             ", or remove quantization_config and set precision in the scenario");
}

/// DeepSeek's and Qwen's fp8 checkpoints: "weight_block_size" [128, 128], or one scale a tensor when it is
/// absent.
Precision fp8_kind(ObjectReader& quantization) {
  const Json* block = quantization.optional_raw("weight_block_size");
  if (block == nullptr) return Precision::fp8;
  if (*block != Json::array({128, 128})) {
    quantization.fail("weight_block_size", block->dump() + " is not supported; give [128, 128]");
  }
  return Precision::fp8_block;
}

/// One group over all linear layers; what "ignore" then takes out is understood, other targets are not.
void refuse_other_groups(ObjectReader& quantization) {
  if (!quantization.has("config_groups")) return;
  ObjectReader groups = quantization.object("config_groups");
  if (groups.keys().size() > 1)
    quantization.fail("config_groups", "has several groups of formats, which is not supported; give one");
  for (const std::string& name : groups.keys()) {
    ObjectReader group = groups.object(name);
    const Json* targets = group.optional_raw("targets");
    if (targets != nullptr && *targets != Json::array({"Linear"}))
      group.fail("targets", "other than [\"Linear\"] are not supported");
  }
}

/// llm-compressor's formats: what "format" says, with the bits of the weights where it says only "packed".
Precision compressed_tensors_format(ObjectReader& quantization) {
  refuse_other_groups(quantization);
  const std::string format = quantization.optional_text("format", "");
  if (format == "float-quantized") return Precision::fp8;
  if (format == "int-quantized") return Precision::int8;
  if (format == "nvfp4-pack-quantized") return Precision::fp4;
  if (format == "mxfp4-pack-quantized") return Precision::mxfp4;
  if (format == "pack-quantized") {
    ObjectReader weights = quantization.object("config_groups").object("group_0").object("weights");
    const std::int64_t bits = weights.integer("num_bits", {1, 16});
    if (bits == 8) return Precision::int8;
    if (bits != 4) weights.fail("num_bits", std::to_string(bits) + " is not supported; give 4 or 8");
    const std::int64_t group = weights.optional_integer("group_size", 32, {1, 1 << 20});
    if (group != 32) {
      weights.fail("group_size", std::to_string(group) +
                                     " is not supported for 4 bits; give 32, or remove "
                                     "quantization_config and set precision in the scenario");
    }
    return Precision::int4;
  }
  refuse(
      quantization, "format", format,
      {"float-quantized", "int-quantized", "nvfp4-pack-quantized", "mxfp4-pack-quantized", "pack-quantized"});
}

using Role = Precision PrecisionByRole::*;

/// The role of a matrix, from its name or a pattern of names; nothing for gates, head and embeddings.
std::optional<Role> role_of(std::string_view module) {
  while (module.ends_with('$') || module.ends_with('*') || module.ends_with('.')) module.remove_suffix(1);
  const auto mentions = [&](std::string_view part) { return module.find(part) != module.npos; };
  if (mentions("shared_expert")) {
    if (mentions("shared_expert_gate")) return std::nullopt;
    return &PrecisionByRole::shared_expert;
  }
  if (mentions("attn") || mentions("attention")) return &PrecisionByRole::attention;
  if (mentions("experts")) return &PrecisionByRole::routed_experts;
  const bool gate = mentions("router") || module.ends_with(".gate");
  const bool ffn =
      mentions("mlp") || mentions("feed_forward") || mentions("mixer.up_proj") || mentions("mixer.down_proj");
  if (!gate && ffn) return &PrecisionByRole::dense_ffn;
  if (!gate && mentions("mixer.")) return &PrecisionByRole::attention;  // Nemotron-H's blocks
  return std::nullopt;
}

/// The number after "layers."; nothing for a pattern over all layers.
std::optional<std::int64_t> layer_of(std::string_view module) {
  constexpr std::string_view kKey = "layers.";
  std::size_t at = module.find(kKey);
  if (at == module.npos) return std::nullopt;
  std::optional<std::int64_t> layer;
  for (at += kKey.size(); at < module.size() && module[at] >= '0' && module[at] <= '9'; ++at)
    layer = (layer.value_or(0) * 10 + (module[at] - '0')) % 1000000;
  return layer;
}

/// Roles that "ignore" leaves in 16 bits: named for all layers, or for most of them one by one.
std::vector<Role> ignored_roles(ObjectReader& quantization, std::int64_t layers) {
  std::vector<Role> ignored;
  const Json* list = quantization.optional_raw("ignore");
  if (list == nullptr || !list->is_array()) return ignored;
  for (const Role role : PrecisionByRole::roles()) {
    std::set<std::int64_t> in_layers;
    bool everywhere = false;
    for (const Json& item : *list) {
      if (!item.is_string()) quantization.fail("ignore", "is not a list of module names");
      const std::string& module = item.get_ref<const std::string&>();
      const bool elsewhere = module.find("vision") != module.npos || module.find("visual") != module.npos ||
                             module.find("mtp") != module.npos;
      if (elsewhere || role_of(module) != role) continue;
      if (const auto layer = layer_of(module)) in_layers.insert(*layer);
      else everywhere = true;
    }
    if (everywhere || 2 * static_cast<std::int64_t>(in_layers.size()) > layers) ignored.push_back(role);
  }
  return ignored;
}

PrecisionByRole covering(Precision format, const PrecisionByRole& plain, ObjectReader& quantization,
                         std::int64_t layers) {
  PrecisionByRole precision = PrecisionByRole::all(format);
  for (const Role role : ignored_roles(quantization, layers)) precision.*role = plain.*role;
  return precision;
}

Precision modelopt_format(const ObjectReader& quantization, std::string_view key, const std::string& name) {
  if (name == "FP8") return Precision::fp8;
  if (name == "NVFP4" || name == "W4A16_NVFP4") return Precision::fp4;
  refuse(quantization, key, name, kModelOptFormats);
}

/// NVIDIA's ModelOpt: one format for all but what is ignored, or "quantized_layers" that says it a matrix.
PrecisionByRole modelopt_precision(const PrecisionByRole& plain, ObjectReader& quantization,
                                   std::int64_t layers) {
  const std::string algorithm = quantization.text("quant_algo");
  if (algorithm != "MIXED_PRECISION")
    return covering(modelopt_format(quantization, "quant_algo", algorithm), plain, quantization, layers);
  PrecisionByRole precision = plain;
  ObjectReader matrices = quantization.object("quantized_layers");
  for (const std::string& module : matrices.keys()) {
    const std::optional<Role> role = role_of(module);
    ObjectReader matrix = matrices.object(module);
    const Precision format = modelopt_format(matrix, "quant_algo", matrix.text("quant_algo"));
    if (role) precision.** role = format;
  }
  return precision;
}

}  // namespace

PrecisionByRole read_checkpoint_precision(ConfigReader& config, std::int64_t layers) {
  const PrecisionByRole plain = unquantized(config);
  std::optional<ObjectReader> quantization = config.maybe_object("quantization_config");
  if (!quantization) return plain;
  const bool modelopt = quantization->has("quant_algo");  // some of its files name no method
  const std::string method = quantization->optional_text("quant_method", modelopt ? "modelopt" : "");
  if (method == "fp8") return PrecisionByRole::all(fp8_kind(*quantization));
  if (method == "modelopt") return modelopt_precision(plain, *quantization, layers);
  if (method == "compressed-tensors")
    return covering(compressed_tensors_format(*quantization), plain, *quantization, layers);
  if (method == "mxfp4") {
    PrecisionByRole precision = plain;
    precision.routed_experts = Precision::mxfp4;
    return precision;
  }
  refuse(*quantization, "quant_method", method, kQuantMethods);
}

}  // namespace switchyard
