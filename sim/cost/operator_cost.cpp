// Roofline with a smooth ridge (Williams, Waterman and Patterson, CACM 2009) plus a fixed cost a kernel.
#include "sim/cost/operator_cost.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace switchyard {
namespace {

/// `describe(point, add)` calls add(shape, formula) for each operator that the point may be a measurement of.
template <class Shape, class Point, class Describe>
Correction<Shape> correction_by(const std::vector<Point>& table, Describe describe) {
  typename Correction<Shape>::Points points;
  for (const Point& point : table) {
    describe(point, [&](const Shape& shape, Seconds formula) {
      points[shape].push_back({formula, point.time});
    });
  }
  return Correction<Shape>(std::move(points));
}

}  // namespace

Seconds smooth_max(Seconds a, Seconds b, double p) {
  const double larger = std::max(a.value(), b.value());
  if (larger <= 0.0) return Seconds(0.0);
  const double ratio = std::min(a.value(), b.value()) / larger;
  if (p == 4.0) return Seconds(larger * std::sqrt(std::sqrt(1.0 + ratio * ratio * ratio * ratio)));
  return Seconds(larger * std::pow(1.0 + std::pow(ratio, p), 1.0 / p));
}

OperatorCost::OperatorCost(const Gpu& gpu, std::int64_t expert_tile) : gpu_(gpu) {
  const OperatorTables& tables = gpu_.profile.tables;
  gemm_ = correction_by<GemmShape>(tables.gemm, [&](const GemmPoint& point, auto add) {
    const Gemm gemm = work_of(point, gpu_);
    add(shape_of(gemm), gemm_formula(gemm, point.m));
  });
  decode_attention_ = correction_by<AttentionShape>(
      tables.decode_attention, [&](const DecodeAttentionPoint& point, auto add) {
        const double context = static_cast<double>(point.sequences) * static_cast<double>(point.context);
        for (const AttentionWork& work : works_of(point))
          add(shape_of(work), decode_formula(work, point.sequences, context));
      });
  prefill_attention_ = correction_by<AttentionShape>(
      tables.prefill_attention, [&](const PrefillAttentionPoint& point, auto add) {
        const AttentionWork work = work_of(point);
        const double tokens = static_cast<double>(point.tokens);
        const double context = static_cast<double>(point.context);
        const double pairs = tokens * context + 0.5 * tokens * (tokens + 1.0);
        add(shape_of(work), prefill_formula(work, pairs, context + tokens, point.tokens));
      });
  experts_ = correction_by<ExpertShape>(tables.grouped_gemm, [&](const GroupedGemmPoint& point, auto add) {
    const ExpertWork work = work_of(point, gpu_);
    const double tiled = static_cast<double>(tiled_rows(point, expert_tile));
    add(shape_of(work), experts_formula(work, static_cast<double>(point.rows), tiled, point.active_experts));
  });
  elementwise_ =
      correction_by<ElementwiseShape>(tables.elementwise, [&](const ElementwisePoint& point, auto add) {
        add({}, elementwise_formula(1.0, Bytes(static_cast<double>(point.bytes))));
      });
}

Seconds OperatorCost::gemm(const Gemm& gemm, std::int64_t m) const {
  return gemm_.corrected(shape_of(gemm), gemm_formula(gemm, m));
}

Seconds OperatorCost::decode_attention(const AttentionWork& work, std::int64_t sequences,
                                       double context) const {
  return decode_attention_.corrected(shape_of(work), decode_formula(work, sequences, context));
}

Seconds OperatorCost::prefill_attention(const AttentionWork& work, double pairs, double keys,
                                        std::int64_t tokens) const {
  return prefill_attention_.corrected(shape_of(work), prefill_formula(work, pairs, keys, tokens));
}

Seconds OperatorCost::linear_attention(const StateWork& work, std::int64_t sequences,
                                       std::int64_t tokens) const {
  const FlopsPerSecond peak = peak_rate(gpu_, Precision::bf16);
  Seconds time;
  if (sequences > 0) {
    const double updates = static_cast<double>(sequences);
    time += gpu_.profile.kernel_overhead + roofline(updates * work.decode_flops_per_sequence, peak,
                                                    updates * work.decode_bytes_per_sequence,
                                                    gpu_.profile.decode_attention);
  }
  if (tokens > 0) {
    const double scanned = static_cast<double>(tokens);
    time += gpu_.profile.kernel_overhead + roofline(scanned * work.prefill_flops_per_token, peak,
                                                    scanned * work.prefill_bytes_per_token,
                                                    gpu_.profile.prefill_attention);
  }
  return time;
}

Seconds OperatorCost::experts(const ExpertWork& work, double rows, double tiled_rows,
                              std::int64_t active) const {
  return experts_.corrected(shape_of(work), experts_formula(work, rows, tiled_rows, active));
}

Seconds OperatorCost::elementwise(double kernels, Bytes bytes) const {
  if (elementwise_.empty() || kernels <= 0.0) return elementwise_formula(kernels, bytes);
  return kernels * elementwise_.corrected({}, elementwise_formula(1.0, bytes / kernels));
}

Seconds OperatorCost::gemm_formula(const Gemm& gemm, std::int64_t m) const {
  if (m == 0 || gemm.n == 0) return Seconds(0.0);
  const double rows = static_cast<double>(m);
  const double n = static_cast<double>(gemm.n);
  const double k = static_cast<double>(gemm.k);
  const Bytes bytes = n * k * bytes_per_element(gemm.weights) +
                      rows * k * bytes_per_element(gemm.activations) +
                      rows * n * bytes_per_element(Precision::bf16);
  return gpu_.profile.kernel_overhead +
         roofline(Flops(2.0 * rows * n * k), peak_rate(gpu_, gemm.activations), bytes, gpu_.profile.gemm);
}

Seconds OperatorCost::decode_formula(const AttentionWork& work, std::int64_t sequences,
                                     double context) const {
  if (sequences == 0) return Seconds(0.0);
  const Bytes bytes =
      context * work.cache_bytes_per_token + static_cast<double>(sequences) * work.query_bytes_per_token;
  return gpu_.profile.kernel_overhead +
         roofline(context * work.decode_flops_per_pair, peak_rate(gpu_, Precision::bf16), bytes,
                  work.kind == AttentionWork::Kind::latent ? gpu_.profile.latent_decode_attention
                                                           : gpu_.profile.decode_attention);
}

Seconds OperatorCost::prefill_formula(const AttentionWork& work, double pairs, double keys,
                                      std::int64_t tokens) const {
  if (tokens == 0) return Seconds(0.0);
  const Bytes bytes =
      keys * work.prefill_bytes_per_key + static_cast<double>(tokens) * work.query_bytes_per_token;
  return gpu_.profile.kernel_overhead + roofline(pairs * work.prefill_flops_per_pair,
                                                 peak_rate(gpu_, Precision::bf16), bytes,
                                                 gpu_.profile.prefill_attention);
}

Seconds OperatorCost::experts_formula(const ExpertWork& work, double rows, double tiled_rows,
                                      std::int64_t active) const {
  if (active == 0) return Seconds(0.0);
  const Bytes bytes =
      static_cast<double>(active) * work.weight_bytes_per_expert + rows * work.activation_bytes_per_row;
  return 2.0 * gpu_.profile.kernel_overhead + roofline(tiled_rows * work.flops_per_row,
                                                       peak_rate(gpu_, work.activations), bytes,
                                                       gpu_.profile.grouped_gemm);
}

Seconds OperatorCost::elementwise_formula(double kernels, Bytes bytes) const {
  return kernels * gpu_.profile.kernel_overhead +
         bytes / (gpu_.memory_bandwidth * gpu_.profile.elementwise.memory);
}

Seconds OperatorCost::roofline(Flops flops, FlopsPerSecond peak, Bytes bytes,
                               const OperatorEfficiency& reached) const {
  return smooth_max(flops / (peak * reached.compute), bytes / (gpu_.memory_bandwidth * reached.memory),
                    gpu_.profile.smoothness);
}

}  // namespace switchyard
