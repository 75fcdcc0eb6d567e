// The number formats of a checkpoint. "quantization_config" is written by many tools; those not listed are
// refused rather than guessed, because a wrong format is a wrong memory footprint.
#include "sim/base/quote.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

const std::vector<std::string> kQuantMethods = {"fp8", "mxfp4"};

CheckpointPrecision unquantized(ConfigReader& config) {
  const std::vector<std::string> types = {"bfloat16", "float16", "float32"};
  const std::string key = config.has("dtype") ? "dtype" : "torch_dtype";
  config.known({"dtype", "torch_dtype"});
  const std::string type = config.optional_choice(key, "bfloat16", types);
  // Engines serve fp32 checkpoints in 16 bits.
  const Precision precision = type == "float16" ? Precision::fp16 : Precision::bf16;
  return {precision, precision};
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

}  // namespace

CheckpointPrecision read_checkpoint_precision(ConfigReader& config) {
  const CheckpointPrecision plain = unquantized(config);
  std::optional<ObjectReader> quantization = config.maybe_object("quantization_config");
  if (!quantization) return plain;
  const std::string method = quantization->optional_text("quant_method", "");
  if (method == "fp8") {
    const Precision precision = fp8_kind(*quantization);
    return {precision, precision};
  }
  if (method == "mxfp4") return {plain.linear, Precision::mxfp4};
  quantization->fail("quant_method", "checkpoints of format " + in_quotes(method) + " are not supported; " +
                                         choices(method, kQuantMethods) +
                                         ", or remove quantization_config and set precision in the scenario");
}

}  // namespace switchyard
