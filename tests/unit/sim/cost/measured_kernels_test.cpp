// Kernels with tables of their own: measured sizes come out as measured, others between and beyond them.
#include "sim/cost/measured_kernels.hpp"

#include <catch2/catch.hpp>

using namespace switchyard;

namespace {

Seconds micros(double us) { return Seconds(us * 1e-6); }

Gpu gpu() {
  Gpu gpu = read_gpu(Json("h100_sxm"), ".", "test");
  gpu.profile.tables = {};
  return gpu;
}

}  // namespace

TEST_CASE("Kernels that were not measured have no time", "[cost]") {
  const MeasuredKernels kernels(gpu(), gpu());
  CHECK_FALSE(kernels.norm.at({1, 4096, {}}));
  CHECK_FALSE(kernels.torch_routing.at({1, 8, 2, {}}));
  CHECK_FALSE(kernels.torch_prompt_attention.at({1, 32, 8, 128, {}}));
}

TEST_CASE("Measured sizes of every kind of kernel come out as measured", "[cost]") {
  Gpu measured = gpu();
  OperatorTables& tables = measured.profile.tables.own();
  tables.norm = {{1, 4096, micros(6.3)}, {64, 4096, micros(6.0)}, {64, 2048, micros(4.0)}};
  tables.activation = {{16, 768, micros(2.1)}};
  tables.torch_prompt_attention = {{512, 32, 8, 128, micros(14.3)}, {512, 32, 32, 128, micros(16.0)}};
  tables.torch_reduction = {{1, 1, 32, 8, 128, micros(1.3)}, {1, 32, 32, 8, 128, micros(16.4)}};
  tables.torch_routing = {{64, 8, 2, micros(44.6)}, {64, 128, 8, micros(65.0)}};
  tables.torch_permutation = {{64, 2, 4096, micros(20.9)}, {64, 8, 4096, micros(42.1)}};
  tables.torch_cache_write = {{8, 32, 8, 128, micros(15.9)}, {8, 16, 16, 128, micros(15.0)}};
  tables.torch_sampling = {{1, 128256, micros(32.6)}, {256, 128256, micros(48.0)}};
  const MeasuredKernels kernels(measured, measured);
  const auto check = [](const auto& table, const auto& points) {
    for (const auto& point : points)
      CHECK(table.at(point)->value() == Approx(point.time.value()).epsilon(1e-9));
  };
  check(kernels.norm, tables.norm);
  check(kernels.activation, tables.activation);
  check(kernels.torch_prompt_attention, tables.torch_prompt_attention);
  check(kernels.torch_reduction, tables.torch_reduction);
  check(kernels.torch_routing, tables.torch_routing);
  check(kernels.torch_permutation, tables.torch_permutation);
  check(kernels.torch_cache_write, tables.torch_cache_write);
  check(kernels.torch_sampling, tables.torch_sampling);
}

TEST_CASE("Between measured sizes times lie between theirs, and beyond them they go on with what is moved",
          "[cost]") {
  Gpu measured = gpu();
  measured.profile.tables.own().norm = {
      {512, 4096, micros(6.6)}, {1024, 4096, micros(7.8)}, {16, 4096, micros(6.0)}, {16, 8192, micros(10.0)}};
  const MeasuredKernels kernels(measured, measured);
  const auto at = [&](std::int64_t rows, std::int64_t width) { return *kernels.norm.at({rows, width, {}}); };
  CHECK(at(724, 4096) > micros(6.6));
  CHECK(at(724, 4096) < micros(7.8));
  CHECK(at(16, 6000) > micros(6.0));
  CHECK(at(16, 6000) < micros(10.0));
  CHECK(at(1 << 16, 4096) > 30.0 * at(1024, 4096));
  CHECK(at(1 << 16, 4096) < 64.0 * at(1024, 4096));
}

TEST_CASE("On a GPU of twice the bandwidth and half the overhead, kernels take half of what was measured",
          "[cost]") {
  Gpu measured = gpu();
  measured.profile.tables.own().norm = {{16, 4096, micros(6.0)}, {4096, 4096, micros(26.0)}};
  Gpu other = measured;
  other.memory_bandwidth = 2.0 * measured.memory_bandwidth;
  other.profile.kernel_overhead = 0.5 * measured.profile.kernel_overhead;
  const MeasuredKernels kernels(other, measured);
  for (const RowsPoint& point : measured.profile.tables->norm)
    CHECK(kernels.norm.at(point)->value() == Approx(0.5 * point.time.value()).epsilon(1e-9));
}
