// Models as they were timed for tests/accuracy: the catalogue's, or the shapes that were built there.
#pragma once

#include <string>

#include "sim/base/json.hpp"

namespace switchyard {

/// The catalogue's name, or the shapes that were timed where the catalogue has no such model.
inline Json measured_model(const std::string& name) {
  if (name == "llama-2-70b")
    return parse_json(R"({"model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672,
        "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8, "vocab_size": 32000,
        "max_position_embeddings": 16384, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})",
                      name);
  if (name == "olmoe-1b-7b")
    return parse_json(R"({"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 16,
        "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 128, "intermediate_size": 1024,
        "moe_intermediate_size": 1024, "num_experts": 64, "num_experts_per_tok": 8, "norm_topk_prob": true,
        "vocab_size": 50304, "max_position_embeddings": 16384, "tie_word_embeddings": false,
        "torch_dtype": "bfloat16"})",
                      name);
  return name;
}

}  // namespace switchyard
