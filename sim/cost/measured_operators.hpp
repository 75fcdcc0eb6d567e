// What a row of a measured table is in terms of workloads/work.hpp, and which operators are of one shape: the
// same functions name the shape of a row and of a layer's operator. place_of says where a shape lies among
// the measured ones.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/cost/measured_shapes.hpp"
#include "topologies/gpu.hpp"
#include "workloads/work.hpp"

namespace switchyard {

using GemmShape = std::tuple<Precision, Precision, std::int64_t, std::int64_t>;
using ExpertShape = std::tuple<Precision, Precision, bool, std::int64_t, std::int64_t>;
using AttentionShape = std::tuple<AttentionWork::Kind, Precision, std::int64_t, std::int64_t, std::int64_t>;

/// Weights, activations, n, k. In all shapes fp16 is bf16.
GemmShape shape_of(const Gemm& gemm);
/// Weights, activations, gated or not, hidden size, intermediate size.
ExpertShape shape_of(const ExpertWork& work);
/// Kind, KV cache, heads, KV heads, head's dimension; with and without a window are one shape.
AttentionShape shape_of(const AttentionWork& work);

/// Formats and kinds must agree. Between: n and k; hidden and intermediate size; KV heads, query heads on
/// each and the head's dimension.
ShapePlace place_of(const GemmShape& shape);
ShapePlace place_of(const ExpertShape& shape);
ShapePlace place_of(const AttentionShape& shape);

Gemm work_of(const GemmPoint& point, const Gpu& gpu);
ExpertWork work_of(const GroupedGemmPoint& point, const Gpu& gpu);
AttentionWork work_of(const PrefillAttentionPoint& point);
/// One KV head may be a plain head or a latent: then it is both, each with its own formula. A latent's
/// kv_lora_rank is taken for the largest power of two in head_dim (512 of 576), true of every published MLA.
std::vector<AttentionWork> works_of(const DecodeAttentionPoint& point);

/// Rows of evenly loaded experts when each expert's are padded to `tile`.
std::int64_t tiled_rows(const GroupedGemmPoint& point, std::int64_t tile);

}  // namespace switchyard
