// Reading and writing a GPU's profile, the "profile" of its JSON:
//
//   {"measured": true, "source": "…", "device": "NVIDIA H100 80GB HBM3", "driver": "570.86", "date":
//   "2026-11-27",
//    "libraries": {"torch": "2.8.0", …}, "kernel_overhead": "2.8 us", "smoothness": 4, "slotted_cache": 1.2,
//    "gemm": {"compute": 0.78, "memory": 0.9, "fp8": {"compute": 0.7, "memory": 0.8}, …},
//    "grouped_gemm": {…}, "prefill_attention": {…},
//    "decode_attention": {…}, "latent_decode_attention": {…}, "elementwise": {…},
//    "gemm_table": {"precision": "bf16", "columns": ["m", "n", "k", "time_us"],
//                   "rows": [[64, 4096, 4096, 9.1], …]},
//    "grouped_gemm_table": …, "prefill_attention_table": …, "decode_attention_table": …,
//    "elementwise_table": …, "norm_table": …, "activation_table": …, "torch_routing_table": …}
//
// A profile may lay keys over a catalogue profile, {"base": "h100_sxm", …}: then its measured times go with
// the datasheet of the catalogue GPU of that name, and scale by the datasheets to another.
//
// Required: source, kernel_overhead and the classes of operators, but that latent_decode_attention (MLA) is
// decode_attention unless it is there. A class may have shares of its own for formats: of its weights, of
// attention's KV cache; one that is absent has the class's, which are bf16's. The tables are optional; each
// is one such object or a list of them, and "columns" must be these:
//
//   table                    precision  columns
//   gemm_table               weights    m, n, k, time_us: y[m, n] = x[m, k] w[k, n]
//   grouped_gemm_table       weights    rows, active_experts, hidden_size, intermediate_size, time_us: both
//                                       grouped products (gate-up and down) of gated experts, without the
//                                       activation between them; rows = tokens x top_k, spread evenly
//   prefill_attention_table  KV cache   tokens, context, heads, kv_heads, head_dim, time_us: one chunk of a
//                                       prompt, causal, after `context` cached tokens, which may be 0; not of
//                                       MLA, whose prefill follows the formula
//   decode_attention_table   KV cache   sequences, context, heads, kv_heads, head_dim, time_us: each sequence
//                                       attends to `context` tokens, its new one included; MLA has kv_heads 1
//                                       and head_dim kv_lora_rank + qk_rope_head_dim; without the kernels
//                                       that join split parts (an engine's decode_reduction)
//   elementwise_table        none       bytes, time_us: one kernel, bytes read and written
//   norm_table               none       rows, width, time_us: one norm of bf16 vectors
//   activation_table         none       rows, width, time_us: one kernel that makes [rows, width] of gate and
//                                       up halves in [rows, 2 width]
//
// and, without a precision, for engines whose kernels are PyTorch's own, one by one (torch_kernels in an
// engine's profile; topologies/profiler/movement.py and attention.py have the very kernels):
//
//   torch_prompt_attention_table tokens, heads, kv_heads, head_dim, time_us: of a whole prompt, causal
//   torch_activation_table       rows, width, time_us: silu, then the product
//   torch_reduction_table        sequences, parts, heads, kv_heads, head_dim, time_us: joins parts of decode
//                                 attention
//   torch_routing_table          tokens, num_experts, top_k, time_us: from logits to rows by expert
//   torch_permutation_table      tokens, top_k, hidden_size, time_us: rows to their experts and back
//   torch_cache_write_table      sequences, heads, kv_heads, head_dim, time_us: new keys and values
//   torch_prompt_write_table     tokens, heads, kv_heads, head_dim, time_us: those of a prompt
//   torch_sampling_table         sequences, vocabulary, time_us: embedding and choice of tokens
//
// Sizes are integers as one rank sees them, times are of whole kernels inside a CUDA graph: kernel_overhead
// is in them. A product's activations are in the format that they take beside such weights
// (activations_beside). Measure on a grid, a few values of each column: times of other sizes are interpolated
// (sim/cost/correction.hpp).
#pragma once

#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "topologies/gpu.hpp"
#include "topologies/wish.hpp"

namespace switchyard {

/// Profiles of the catalogue, most of them measured and named like the catalogue's GPU that they are of.
std::vector<std::string> gpu_profile_names();

/// `wish` is a catalogue name, a path to a profile's JSON, or its object; each may lay keys over a catalogue
/// profile, {"base": "h100_sxm", "gemm": {"compute": 0.7}}. Throws InputError.
GpuProfile read_profile(const Json& wish, const Origin& origin);
/// As an object; of tables that come from the catalogue their base alone.
Json to_json(const GpuProfile& profile);

/// What a measured profile lacks and what stands in for it, sentences without a full stop; none of one that
/// is not measured.
std::vector<std::string> gaps_of(const GpuProfile& profile);

}  // namespace switchyard
