// The gates of a real model, from its checkpoint.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/architecture.hpp"
#include "workloads/routing/generated_gate.hpp"

namespace switchyard {

/// One gate a MoE layer, from tensors named as in Hugging Face's checkpoints: ….layers.N.mlp.gate.weight
/// [experts, hidden_size], block_sparse_moe.gate, mlp.router, feed_forward.router or mixer.gate; with the
/// bias on the logits or on the selection that the architecture has (router.bias, e_score_correction_bias).
/// Where the norm before the gate is there too (post_attention_layernorm.weight of the same stack), its
/// weights w go into the gate's columns, as 1 + w where the architecture has zero_centred_norms (Qwen3-Next,
/// Qwen3.5, Step-3.7, MiniMax-M3): hidden states are normalised without. Tensors under `mtp.`, of multi-token
/// prediction, are passed over.
///
/// With experts <= hidden_size a gate W is kept as L of W = L Q, by Cholesky's factors of W Wᵀ: for hidden
/// states that are Gaussian, logits L (Q x) are those of W x in distribution, as for a generated gate, with
/// rows in random order. That keeps how large and how alike the rows of W are, so which experts are wide and
/// which go together. It does not make hidden states real: they have neither the mean nor the directions that
/// the model's text has, so popularity that comes from those is missing.
///
/// `path`: a file .safetensors, a folder of them, or the index.json of one. Takes seconds for the largest
/// models. Throws InputError on a damaged file, a missing tensor, one of another shape or
/// type, one that comes twice, and values so large that scores of normalised hidden states could leave fp32:
/// beyond 1e30 / hidden_size for weights (norm included), 1e30 for biases.
std::vector<GeneratedGate> read_gates(const Architecture& architecture, const std::string& path,
                                      std::uint64_t seed);

}  // namespace switchyard
