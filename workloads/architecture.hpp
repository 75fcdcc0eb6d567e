// A model as a value: what each layer is made of. Dense, Mixture-of-Experts and hybrid layers are the same
// struct; a layer of one expert with top-1 is normalised to a dense one by the reader, so nobody else asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/gate_shape.hpp"
#include "sim/base/precision.hpp"

namespace switchyard {

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434 section 2.1). The KV cache holds one latent
/// vector of kv_lora_rank + qk_rope_head_dim elements a token.
struct LatentAttention {
  std::optional<std::int64_t> q_lora_rank;  // absent: queries are projected directly (V2-Lite)
  std::int64_t kv_lora_rank = 0;
  std::int64_t qk_nope_head_dim = 0;
  std::int64_t qk_rope_head_dim = 0;
  std::int64_t v_head_dim = 0;
  bool operator==(const LatentAttention&) const = default;
};

struct Attention {
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;  // 1: MQA; = num_attention_heads: MHA; between: GQA
  std::int64_t head_dim = 0;
  std::optional<LatentAttention> latent;
  std::optional<std::int64_t> sliding_window;  // tokens a query sees, itself included; absent: all
  bool qkv_bias = false;
  bool output_bias = false;
  bool qk_norm = false;  // a norm per head on queries and keys
  bool sinks = false;    // one learned logit per head
  bool operator==(const Attention&) const = default;
};

struct Ffn {
  std::int64_t intermediate_size = 0;
  bool gated = true;  // SwiGLU and kin: three matrices; else two
  bool bias = false;
  bool operator==(const Ffn&) const = default;
};

struct MoeFfn {
  std::string
      router;  // a row of kernels' expert_routers(): "softmax_topk", "softmax_topk_renorm", "noaux_tc", …
  GateShape gate;                    // experts, top_k, groups, scaling; dimension is the model's hidden_size
  bool gate_bias = false;            // a learned bias on the logits (gpt-oss)
  bool selection_bias = false;       // a bias used for selection only (e_score_correction_bias)
  Ffn expert;                        // one routed expert
  std::optional<Ffn> shared_expert;  // all shared experts as one FFN
  bool operator==(const MoeFfn&) const = default;
};

/// Attention, then a dense FFN, an MoE FFN, or both side by side (a hybrid layer: their outputs are added).
struct Layer {
  Attention attention;
  std::optional<Ffn> dense;
  std::optional<MoeFfn> moe;
  bool operator==(const Layer&) const = default;
};

/// What the checkpoint stores. Embeddings, head, gates and norms stay bf16 in every format.
struct CheckpointPrecision {
  Precision linear = Precision::bf16;  // attention and dense-FFN matrices, shared experts
  Precision routed_experts = Precision::bf16;
  bool operator==(const CheckpointPrecision&) const = default;
};

struct Architecture {
  std::string name;
  std::string source;  // where the numbers come from
  std::int64_t hidden_size = 0;
  std::int64_t vocab_size = 0;
  std::int64_t max_position_embeddings = 0;
  bool tie_word_embeddings = false;
  std::vector<Layer> layers;
  CheckpointPrecision checkpoint;
  std::string routing_preset = "random";  // the token-stream preset this model uses or borrows

  /// Number of layers with an MoE FFN.
  std::int64_t moe_layers() const;
};

enum class ModelKind { dense, moe, hybrid };
/// dense: no layer routes; hybrid: some layer has a dense FFN beside its experts (Arctic's residual); moe:
/// the rest.
ModelKind kind_of(const Architecture& architecture);
std::string_view name_of(ModelKind kind);

}  // namespace switchyard
