// Roofline with a smooth ridge (Williams, Waterman and Patterson, CACM 2009) plus a fixed cost a kernel.
#include "sim/cost/operator_cost.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace switchyard {
namespace {

using GemmIterator = std::vector<GemmPoint>::const_iterator;

auto shape_of(const GemmPoint& point) { return std::tuple(point.precision, point.n, point.k); }

/// Linear between neighbouring measured m; proportional to m beyond the last; the first below the first.
Seconds interpolate(GemmIterator begin, GemmIterator end, std::int64_t m) {
  const auto above = std::lower_bound(
      begin, end, m, [](const GemmPoint& point, std::int64_t rows) { return point.m < rows; });
  if (above == begin) return begin->time;
  const auto below = above - 1;
  if (above == end) return below->time * (static_cast<double>(m) / static_cast<double>(below->m));
  const double share = static_cast<double>(m - below->m) / static_cast<double>(above->m - below->m);
  return below->time + (above->time - below->time) * share;
}

}  // namespace

Seconds smooth_max(Seconds a, Seconds b, double p) {
  const double larger = std::max(a.value(), b.value());
  if (larger <= 0.0) return Seconds(0.0);
  const double ratio = std::min(a.value(), b.value()) / larger;
  if (p == 4.0) return Seconds(larger * std::sqrt(std::sqrt(1.0 + ratio * ratio * ratio * ratio)));
  return Seconds(larger * std::pow(1.0 + std::pow(ratio, p), 1.0 / p));
}

OperatorCost::OperatorCost(const Gpu& gpu) : gpu_(gpu) {
  std::sort(gpu_.profile.gemm_table.begin(), gpu_.profile.gemm_table.end(),
            [](const GemmPoint& a, const GemmPoint& b) {
              return std::tuple(shape_of(a), a.m) < std::tuple(shape_of(b), b.m);
            });
}

Seconds OperatorCost::gemm(const Gemm& gemm, std::int64_t m) const {
  if (m == 0 || gemm.n == 0) return Seconds(0.0);
  const auto& table = gpu_.profile.gemm_table;
  const GemmPoint key{0, gemm.n, gemm.k, gemm.weights, Seconds(0.0)};
  const auto [begin, end] =
      std::equal_range(table.begin(), table.end(), key,
                       [](const GemmPoint& a, const GemmPoint& b) { return shape_of(a) < shape_of(b); });
  if (begin != end) return interpolate(begin, end, m);

  const double rows = static_cast<double>(m);
  const double n = static_cast<double>(gemm.n);
  const double k = static_cast<double>(gemm.k);
  const Bytes bytes = n * k * bytes_per_element(gemm.weights) +
                      rows * k * bytes_per_element(gemm.activations) +
                      rows * n * bytes_per_element(Precision::bf16);
  return gpu_.profile.kernel_overhead +
         roofline(Flops(2.0 * rows * n * k), peak_rate(gpu_, gemm.activations), bytes, gpu_.profile.gemm);
}

Seconds OperatorCost::decode_attention(const AttentionWork& work, std::int64_t sequences,
                                       double context) const {
  if (sequences == 0) return Seconds(0.0);
  const Bytes bytes =
      context * work.cache_bytes_per_token + static_cast<double>(sequences) * work.query_bytes_per_token;
  return gpu_.profile.kernel_overhead +
         roofline(context * work.decode_flops_per_pair, peak_rate(gpu_, Precision::bf16), bytes,
                  work.kind == AttentionWork::Kind::latent ? gpu_.profile.latent_decode_attention
                                                           : gpu_.profile.decode_attention);
}

Seconds OperatorCost::prefill_attention(const AttentionWork& work, double pairs, double keys,
                                        std::int64_t tokens) const {
  if (tokens == 0) return Seconds(0.0);
  const Bytes bytes =
      keys * work.prefill_bytes_per_key + static_cast<double>(tokens) * work.query_bytes_per_token;
  return gpu_.profile.kernel_overhead + roofline(pairs * work.prefill_flops_per_pair,
                                                 peak_rate(gpu_, Precision::bf16), bytes,
                                                 gpu_.profile.prefill_attention);
}

Seconds OperatorCost::experts(const ExpertWork& work, double rows, double tiled_rows,
                              std::int64_t active) const {
  if (active == 0) return Seconds(0.0);
  const Bytes bytes =
      static_cast<double>(active) * work.weight_bytes_per_expert + rows * work.activation_bytes_per_row;
  return 2.0 * gpu_.profile.kernel_overhead + roofline(tiled_rows * work.flops_per_row,
                                                       peak_rate(gpu_, work.activations), bytes,
                                                       gpu_.profile.grouped_gemm);
}

Seconds OperatorCost::elementwise(double kernels, Bytes bytes) const {
  return kernels * gpu_.profile.kernel_overhead +
         bytes / (gpu_.memory_bandwidth * gpu_.profile.elementwise.memory);
}

Seconds OperatorCost::roofline(Flops flops, FlopsPerSecond peak, Bytes bytes,
                               const OperatorEfficiency& reached) const {
  return smooth_max(flops / (peak * reached.compute), bytes / (gpu_.memory_bandwidth * reached.memory),
                    gpu_.profile.smoothness);
}

}  // namespace switchyard
