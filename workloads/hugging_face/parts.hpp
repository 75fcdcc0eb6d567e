// What most families say with the same keys.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/architecture.hpp"
#include "workloads/hugging_face/config.hpp"

namespace switchyard {

/// The first of `keys` that the config has, else the first: families spell the same size in different ways.
std::string_view first_key(const ConfigReader& config, std::initializer_list<std::string_view> keys);
std::int64_t read_hidden_size(ConfigReader& config);
std::int64_t read_layer_count(ConfigReader& config);

/// num_attention_heads, num_key_value_heads (absent: as many as heads) and head_dim (absent: hidden_size over
/// heads).
Attention read_grouped_attention(ConfigReader& config);

/// The dense FFN of intermediate_size, SwiGLU.
Ffn read_dense_ffn(ConfigReader& config);
/// The same of another key.
Ffn read_ffn(ConfigReader& config, std::string_view key);

/// Checks that the number under `top_k_key` fits and fills in the gate's shape.
GateShape read_gate(ConfigReader& config, std::int64_t num_experts,
                    std::string_view top_k_key = "num_experts_per_tok");

/// The router of gates with a bias for selection only, by "scoring_func": "sigmoid" or, as in DeepSeek-V4,
/// "sqrtsoftplus".
std::string read_biased_router(ConfigReader& config);

/// Such a gate of one group: sigmoid scores, a bias for selection only, renormalised weights.
MoeFfn read_sigmoid_moe(ConfigReader& config, std::string_view experts_key);

Layer dense_layer(const Attention& attention, const Ffn& ffn);
Layer sparse_layer(const Attention& attention, const MoeFfn& moe);

/// `sparse` where `is_sparse` says so, else `dense`.
std::vector<Layer> layers_by(std::int64_t count, const Layer& dense, const Layer& sparse,
                             const std::function<bool(std::int64_t)>& is_sparse);

/// A list of 0 and 1, one a layer, under `key`; checked against the number of layers.
std::vector<std::int64_t> read_layer_flags(ConfigReader& config, std::string_view key, std::int64_t count);

/// Windows on the layers that "layer_types" calls sliding (and chunked ones, at most a chunk).
void limit_listed_windows(ConfigReader& config, std::vector<Layer>& layers);

/// One text a layer from "layer_types" ("sliding_attention", "full_attention", …), or empty when the key is
/// absent. A longer list than the model is accepted: its first entries count.
std::vector<std::string> read_layer_types(ConfigReader& config, std::int64_t layer_count);

/// The same layer `count` times.
std::vector<Layer> repeated(const Layer& layer, std::int64_t count);

/// What the checkpoint of so many layers stores, from "torch_dtype" and "quantization_config".
PrecisionByRole read_checkpoint_precision(ConfigReader& config, std::int64_t layers);

}  // namespace switchyard
