// The sizes of one gate, shared by every expert router.
#pragma once

#include <cstdint>

namespace switchyard {

struct GateShape {
  std::int64_t num_experts = 1;          // 1…2048
  std::int64_t num_experts_per_tok = 1;  // top_k, 1…32
  std::int64_t hidden_size = 0;          // length of a token's vector (or of its subspace)
  std::int64_t n_group = 1;              // experts come in n_group equal blocks
  std::int64_t topk_group = 1;           // groups a token may use
  double routed_scaling_factor = 1.0;    // multiplies the weights

  bool operator==(const GateShape&) const = default;
};

/// What hidden states and gate weights are rounded to before they meet; sums are fp32 in both.
enum class ScoreFormat { fp32, bf16 };

}  // namespace switchyard
