// Reading and writing a GPU's profile, the "profile" of its JSON:
//
//   {"measured": true, "source": "…", "gemm": {"compute": 0.78, "memory": 0.9}, "grouped_gemm": {…},
//    "prefill_attention": {…}, "decode_attention": {…}, "latent_decode_attention": {…}, "elementwise": {…},
//    "kernel_overhead": "2.8 us", "smoothness": 4, "gemm_table": [{"precision": "bf16", "columns": ["m", "n",
//    "k", "time_us"],
//                                     "rows": [[64, 4096, 4096, 9.1], …]}, …]}
//
// Required: source, kernel_overhead and the classes of operators, but that latent_decode_attention (MLA)
// is decode_attention unless it is there. A gemm_table may be one such object or
// a list.
#pragma once

#include "sim/base/json.hpp"
#include "topologies/gpu.hpp"
#include "topologies/wish.hpp"

namespace switchyard {

/// `value` is the object or the path of a file that holds it. Throws InputError.
GpuProfile read_profile(const Json& value, const Origin& origin);
Json to_json(const GpuProfile& profile);

/// Sorted by precision, n, k, m. Throws InputError, also for a shape that is there twice.
std::vector<GemmPoint> read_gemm_table(const Json& value, const Origin& origin);
Json gemm_table_to_json(const std::vector<GemmPoint>& table);

}  // namespace switchyard
