// Times of operators on one GPU: overhead + smooth_max(flops / rate, bytes / bandwidth), from the GPU's
// profile; flops and bytes include what kernels do beyond the useful work (tiles, waves, blocks: the
// constants in operator_cost.cpp). Where the profile has a measured table of the operator's class and
// formats, the table corrects the formula (sim/cost/correction.hpp).
#pragma once

#include <memory>
#include <optional>

#include "sim/base/units.hpp"
#include "sim/cost/correction.hpp"
#include "sim/cost/engine_efficiency.hpp"
#include "sim/cost/engine_profile.hpp"
#include "sim/cost/measured_kernels.hpp"
#include "sim/cost/measured_operators.hpp"
#include "topologies/gpu.hpp"
#include "workloads/work.hpp"

namespace switchyard {

/// (a^p + b^p)^(1/p): a maximum without a corner. A hard maximum is too sharp near the roofline's ridge.
Seconds smooth_max(Seconds a, Seconds b, double p);

/// How far sizes reach: from those asked for to so many times as large, both ends included.
struct Reach {
  double rows = 1.0;   // rows, sequences, new tokens, bytes
  double depth = 1.0;  // decode attention: context of all sequences; experts: reads
};

class OperatorCost {
 public:
  /// `tiling`: how the engine cuts experts' rows, so that measured grouped products, which hold their own
  /// padding, are set against a formula that holds it too.
  explicit OperatorCost(const Gpu& gpu, ExpertTiling tiling = {});
  /// What the engine's kernels reach beside the profile's acts on the corrected time: by the ratio of the
  /// formula's times with it and without.
  OperatorCost(const Gpu& gpu, ExpertTiling tiling, const EngineEfficiency& engine);

  /// One matrix product of `m` rows; zero for no rows.
  Seconds gemm(const Gemm& gemm, std::int64_t m) const;
  /// Decode attention of one layer: `sequences` queries over `context` cached tokens, all sequences together.
  Seconds decode_attention(const AttentionWork& work, std::int64_t sequences, double context) const;
  /// Prefill attention of one prompt chunk: `pairs` (query, key) pairs, `keys` tokens read, `tokens` new
  /// ones.
  Seconds prefill_attention(const AttentionWork& work, double pairs, double keys, std::int64_t tokens) const;
  /// Linear attention of one layer: one state update a decoding sequence, a scan over prompts' tokens. No
  /// table measures it: it reaches what decode attention reaches of the memory's bandwidth, and prefill
  /// attention of the compute.
  Seconds linear_attention(const StateWork& work, std::int64_t sequences, std::int64_t tokens) const;
  /// The grouped products of one layer on one rank: `rows` assignments (padded to tiles: `tiled_rows`) which
  /// read the weights of one expert `reads` times, once for each active one or oftener.
  Seconds experts(const ExpertWork& work, double rows, double tiled_rows, std::int64_t reads) const;
  /// More rows and experts never take less: so says the formula, but a measured table may not.
  bool experts_grow_with_load() const { return experts_.empty(); }
  /// `kernels` small kernels that move `bytes` together.
  Seconds elementwise(double kernels, Bytes bytes) const;

  /// Of one layer's prompt attention at least fixed + each_token x new tokens + each_pair x pairs, whatever
  /// prompts there are.
  struct LeastPrompts {
    Seconds fixed, each_token, each_pair;
  };
  LeastPrompts least_prefill_attention(const AttentionWork& work) const;

  /// The same, but every time is at most the least of all sizes within reach: a measured table may have less
  /// for more, and what is proven of all sizes must not overlook that. Of experts tiled rows may be any more.
  /// Attention of prompts and linear attention stay as they are.
  OperatorCost least_within(const Reach& reach) const;

  const Gpu& gpu() const { return gpu_; }
  /// Small kernels that were measured themselves.
  const MeasuredKernels& kernels() const { return kernels_; }

 private:
  OperatorCost(const Gpu& gpu, const Gpu& measured, ExpertTiling tiling);
  /// The formula alone, with the engine's factors and without.
  struct Formulas;
  /// Whose formulas the engine's factors are in; where a table corrects with sizes alone, the corrected time
  /// is that formula's times the same ratio.
  const OperatorCost& on_engine() const;
  bool reaches() const { return reach_.rows > 1.0 || reach_.depth > 1.0; }
  /// `time`, as the profile has it, times the ratio of what `of` says with the engine's factors and without.
  /// Within reach the ratio is at least that of the least time with them and the most without.
  template <class Of>
  Seconds on_engine(Seconds time, Of of) const;
  Seconds gemm_formula(const Gemm& gemm, std::int64_t m) const;
  Seconds decode_formula(const AttentionWork& work, std::int64_t sequences, double context) const;
  Seconds prefill_formula(const AttentionWork& work, double pairs, double keys, std::int64_t tokens) const;
  Seconds experts_formula(const ExpertWork& work, double rows, double tiled_rows, std::int64_t reads) const;
  Seconds elementwise_formula(double kernels, Bytes bytes) const;
  Seconds roofline(Flops flops, FlopsPerSecond peak, Bytes bytes, const EfficiencyShare& reached) const;

  Gpu gpu_;
  ExpertTiling tiling_;
  Reach reach_;
  MeasuredKernels kernels_;
  std::shared_ptr<const Formulas> formulas_;  // none: an engine whose kernels are the profile's
  Correction<GemmShape> gemm_;
  Correction<AttentionShape> decode_attention_;
  Correction<AttentionShape> prefill_attention_;
  Correction<ExpertShape> experts_;
  std::optional<RatioCurve> elementwise_;
};

}  // namespace switchyard
