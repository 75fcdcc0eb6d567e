// What most families say with the same keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/architecture.hpp"
#include "workloads/hugging_face/config.hpp"

namespace switchyard {

std::int64_t read_hidden_size(ConfigReader& config);
std::int64_t read_layer_count(ConfigReader& config);

/// num_attention_heads, num_key_value_heads (absent: as many as heads) and head_dim (absent: hidden_size over
/// heads).
Attention read_grouped_attention(ConfigReader& config);

/// The dense FFN of intermediate_size, SwiGLU.
Ffn read_dense_ffn(ConfigReader& config);

/// Checks that num_experts_per_tok fits and fills in the gate's shape.
GateShape read_gate(ConfigReader& config, std::int64_t num_experts);

/// One text a layer from "layer_types" ("sliding_attention" or "full_attention"), or empty when the key is
/// absent. A longer list than the model is accepted: its first entries count.
std::vector<std::string> read_layer_types(ConfigReader& config, std::int64_t layer_count);

/// The same layer `count` times.
std::vector<Layer> repeated(const Layer& layer, std::int64_t count);

/// What the checkpoint stores, from "torch_dtype" and "quantization_config".
CheckpointPrecision read_checkpoint_precision(ConfigReader& config);

}  // namespace switchyard
