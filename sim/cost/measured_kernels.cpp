// What the kernels of topologies/profiler/movement.py move.
#include "sim/cost/measured_kernels.hpp"

#include <cmath>

namespace switchyard {
namespace {

double real(std::int64_t number) { return static_cast<double>(number); }

KernelWork rows_work(const RowsPoint& point, double kernels, double bytes_per_element) {
  return {{{point.width, 1}},
          real(point.rows),
          1.0,
          kernels,
          Bytes(bytes_per_element * real(point.rows) * real(point.width))};
}

KernelWork norm_work(const RowsPoint& point) { return rows_work(point, 1.0, 2.0 + 2.0); }
KernelWork activation_work(const RowsPoint& point) { return rows_work(point, 1.0, 4.0 + 2.0); }
KernelWork torch_activation_work(const RowsPoint& point) {
  return rows_work(point, 2.0, (2.0 + 2.0) + (4.0 + 2.0));
}

/// Softmax over parts, product and sum in fp32, cast; of one part the cast.
KernelWork reduction_work(const ReductionPoint& point) {
  const double elements = real(point.sequences) * real(point.heads) * real(point.head_dim);
  const bool split = point.parts > 1;
  return {{{point.heads * point.head_dim, 1}},
          real(point.sequences),
          real(point.parts),
          split ? 4.0 : 1.0,
          Bytes(elements * (split ? 12.0 * real(point.parts) + 4.0 + 6.0 : 6.0))};
}

/// Scores of all experts three times in fp32, then assignments by their number: sorted, counted, summed up.
KernelWork routing_work(const RoutingPoint& point) {
  const double assignments = real(point.tokens) * real(point.top_k);
  return {{{point.num_experts, 1}},
          assignments,
          1.0,
          17.0,
          Bytes(real(point.tokens) * real(point.num_experts) * 26.0 + assignments * 100.0)};
}

/// Each row: gathered in bf16, cast to fp32, weighed, added to its token's; each token: cleared, cast.
KernelWork permutation_work(const PermutationPoint& point) {
  const double tokens = real(point.tokens), rows = tokens * real(point.top_k);
  const double width = real(point.hidden_size);
  return {{{point.hidden_size, 1}},
          rows,
          real(point.top_k),
          9.0,
          Bytes(width * (rows * (4.0 + 6.0 + 8.0 + 12.0) + tokens * (4.0 + 6.0)))};
}

/// As long as products of so many operations would move bytes: only the growth with tokens counts.
KernelWork prompt_attention_work(const HeadsPoint& point) {
  const double tokens = real(point.tokens), width = real(point.heads) * real(point.head_dim);
  return {{{point.heads * point.head_dim, point.heads / point.kv_heads}},
          tokens,
          1.0,
          3.0,
          Bytes(4.0 * tokens * width + tokens * tokens * width / 100.0)};
}

KernelWork cache_write_work(const HeadsPoint& point) {
  const double vectors = real(point.tokens) * real(point.head_dim);
  return {{{point.heads, point.kv_heads}},
          real(point.tokens),
          1.0,
          8.0,
          Bytes(vectors * 4.0 * (real(point.heads) + 2.0 * real(point.kv_heads)))};
}

KernelWork prompt_write_work(const HeadsPoint& point) {
  return {{{point.kv_heads * point.head_dim, 1}},
          real(point.tokens),
          1.0,
          2.0,
          Bytes(real(point.tokens) * real(point.head_dim) * 8.0 * real(point.kv_heads))};
}

KernelWork sampling_work(const SamplingPoint& point) {
  return {{{point.vocabulary, 1}},
          real(point.sequences),
          1.0,
          2.0,
          Bytes(2.0 * real(point.sequences) * real(point.vocabulary))};
}

KernelPace pace_of(const Gpu& gpu) {
  return {gpu.profile.kernel_overhead, gpu.memory_bandwidth * gpu.profile.elementwise.memory};
}

}  // namespace

ShapePlace place_of(const KernelShape& shape) {
  return {{}, {std::log(real(shape.sizes[0])), std::log(real(shape.sizes[1]))}};
}

MeasuredKernels::MeasuredKernels(const Gpu& gpu, const Gpu& measured)
    : MeasuredKernels(*gpu.profile.tables, pace_of(measured), pace_of(gpu)) {}

MeasuredKernels::MeasuredKernels(const OperatorTables& tables, const KernelPace& at, const KernelPace& own)
    : norm(tables.norm, norm_work, at, own),
      activation(tables.activation, activation_work, at, own),
      torch_activation(tables.torch_activation, torch_activation_work, at, own),
      torch_reduction(tables.torch_reduction, reduction_work, at, own),
      torch_routing(tables.torch_routing, routing_work, at, own),
      torch_permutation(tables.torch_permutation, permutation_work, at, own),
      torch_prompt_attention(tables.torch_prompt_attention, prompt_attention_work, at, own),
      torch_cache_write(tables.torch_cache_write, cache_write_work, at, own),
      torch_prompt_write(tables.torch_prompt_write, prompt_write_work, at, own),
      torch_sampling(tables.torch_sampling, sampling_work, at, own) {}

void MeasuredKernels::take_least_within(double reach) {
  norm.take_least_within(reach);
  activation.take_least_within(reach);
  torch_activation.take_least_within(reach);
  torch_reduction.take_least_within(reach);
  torch_routing.take_least_within(reach);
  torch_permutation.take_least_within(reach);
  torch_prompt_attention.take_least_within(reach);
  torch_cache_write.take_least_within(reach);
  torch_prompt_write.take_least_within(reach);
  torch_sampling.take_least_within(reach);
}

}  // namespace switchyard
