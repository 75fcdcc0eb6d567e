// Times of operators on one GPU: overhead + smooth_max(flops / rate, bytes / bandwidth), from the GPU's
// profile. Measured GEMM tables, where a profile has them, take precedence over the formula.
#pragma once

#include "sim/base/units.hpp"
#include "topologies/gpu.hpp"
#include "workloads/work.hpp"

namespace switchyard {

/// (a^p + b^p)^(1/p): a maximum without a corner. A hard maximum is too sharp near the roofline's ridge.
Seconds smooth_max(Seconds a, Seconds b, double p);

class OperatorCost {
 public:
  explicit OperatorCost(const Gpu& gpu);

  /// One matrix product of `m` rows; zero for no rows.
  Seconds gemm(const Gemm& gemm, std::int64_t m) const;
  /// Decode attention of one layer: `sequences` queries over `context` cached tokens, all sequences together.
  Seconds decode_attention(const AttentionWork& work, std::int64_t sequences, double context) const;
  /// Prefill attention of one prompt chunk: `pairs` (query, key) pairs, `keys` tokens read, `tokens` new
  /// ones.
  Seconds prefill_attention(const AttentionWork& work, double pairs, double keys, std::int64_t tokens) const;
  /// The grouped products of one layer on one rank: `rows` assignments (padded to tiles: `tiled_rows`) at
  /// `active` experts.
  Seconds experts(const ExpertWork& work, double rows, double tiled_rows, std::int64_t active) const;
  /// `kernels` small kernels that move `bytes` together.
  Seconds elementwise(double kernels, Bytes bytes) const;

  const Gpu& gpu() const { return gpu_; }

 private:
  Seconds roofline(Flops flops, FlopsPerSecond peak, Bytes bytes, const OperatorEfficiency& reached) const;

  Gpu gpu_;
};

}  // namespace switchyard
