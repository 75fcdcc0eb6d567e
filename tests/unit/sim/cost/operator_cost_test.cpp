// Operator times on a GPU with round numbers: closed forms, and measured tables before them.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/cost/operator_cost.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

/// 1000 TFLOPS, 2 TB/s, everything reaches its peak, no overhead.
Gpu ideal_gpu() {
  Gpu gpu;
  gpu.memory_bandwidth = 2000_GBps;
  gpu.peak[Precision::bf16] = 1000_TFLOPS;
  gpu.peak[Precision::fp8] = 2000_TFLOPS;
  return gpu;
}

Gemm product(std::int64_t n, std::int64_t k, Precision precision = Precision::bf16) {
  return {"test", Part::dense_gemm, n, k, precision, precision};
}

double fourth_root_of_sum(double a, double b) { return std::pow(std::pow(a, 4) + std::pow(b, 4), 0.25); }

}  // namespace

TEST_CASE("The smooth maximum is the p-norm: exact at the ends, at most 2^(1/p) above the larger", "[cost]") {
  CHECK(smooth_max(3_s, 0_s, 4.0) == 3_s);
  CHECK(smooth_max(0_s, 0_s, 4.0) == 0_s);
  CHECK(smooth_max(1_s, 1_s, 4.0).value() == Approx(std::pow(2.0, 0.25)).epsilon(1e-12));
  CHECK(smooth_max(1_s, 1_s, 2.0).value() == Approx(std::sqrt(2.0)).epsilon(1e-12));
  CHECK(smooth_max(3_s, 4_s, 2.0).value() == Approx(5.0).epsilon(1e-12));
  CHECK(smooth_max(2_s, 1_s, 4.0) == smooth_max(1_s, 2_s, 4.0));
  CHECK(smooth_max(2_us, 1_us, 4.0).value() == Approx(fourth_root_of_sum(2e-6, 1e-6)).epsilon(1e-12));
}

TEST_CASE("A large product is bound by compute, a small one by reading its weights", "[cost]") {
  const OperatorCost cost(ideal_gpu());
  const double flops_time = 2.0 * 65536.0 * 8192 * 8192 / 1000e12;
  CHECK(cost.gemm(product(8192, 8192), 65536).value() == Approx(flops_time).epsilon(1e-2));
  const double bytes_time = (8192.0 * 8192 + 8192 + 8192) * 2 / 2000e9;
  CHECK(cost.gemm(product(8192, 8192), 1).value() == Approx(bytes_time).epsilon(1e-6));
}

TEST_CASE("A product's time is overhead plus the smooth maximum of both bounds", "[cost]") {
  Gpu gpu = ideal_gpu();
  gpu.profile.kernel_overhead = 3_us;
  gpu.profile.gemm = {0.5, 0.8};
  const double compute = 2.0 * 512 * 4096 * 1024 / 500e12;
  const double memory = (4096.0 * 1024 + 512.0 * 1024 + 512.0 * 4096) * 2 / 1600e9;
  CHECK(OperatorCost(gpu).gemm(product(4096, 1024), 512).value() ==
        Approx(3e-6 + fourth_root_of_sum(compute, memory)).epsilon(1e-12));
}

TEST_CASE("fp8 computes at its own rate and reads half the weights; formats without a rate fall back to bf16",
          "[cost]") {
  const OperatorCost cost(ideal_gpu());
  const double memory_bf16 = 8192.0 * 8192 * 2 / 2000e9, memory_fp8 = 8192.0 * 8192 / 2000e9;
  CHECK(cost.gemm(product(8192, 8192), 1).value() == Approx(memory_bf16).epsilon(1e-3));
  CHECK(cost.gemm(product(8192, 8192, Precision::fp8), 1).value() == Approx(memory_fp8).epsilon(1e-3));
  const double compute_bf16 = 2.0 * 65536.0 * 8192 * 8192 / 1000e12;
  CHECK(cost.gemm(product(8192, 8192, Precision::fp8), 65536).value() ==
        Approx(compute_bf16 / 2).epsilon(1e-2));
  CHECK(cost.gemm(product(8192, 8192, Precision::fp16), 65536).value() == Approx(compute_bf16).epsilon(1e-2));
}

TEST_CASE("No rows or no columns take no time", "[cost]") {
  const OperatorCost cost(ideal_gpu());
  CHECK(cost.gemm(product(8192, 8192), 0) == 0_s);
  CHECK(cost.gemm(product(0, 8192), 10) == 0_s);
  CHECK(cost.decode_attention({}, 0, 0.0) == 0_s);
  CHECK(cost.prefill_attention({}, 0.0, 0.0, 0) == 0_s);
  CHECK(cost.experts({}, 0.0, 0.0, 0) == 0_s);
}

TEST_CASE(
    "A measured table takes precedence: linear between points, proportional beyond the last, flat "
    "below the first",
    "[cost]") {
  Gpu gpu = ideal_gpu();
  gpu.profile.kernel_overhead = 5_us;                                   // measured times hold it already
  gpu.profile.gemm_table = {{128, 4096, 1024, Precision::bf16, 30_us},  // out of order on purpose
                            {16, 4096, 1024, Precision::bf16, 10_us},
                            {64, 4096, 1024, Precision::bf16, 12_us},
                            {64, 2048, 1024, Precision::bf16, 99_us}};
  const OperatorCost cost(gpu);
  const auto micros = [&](std::int64_t m) { return cost.gemm(product(4096, 1024), m).value() * 1e6; };
  CHECK(micros(1) == Approx(10.0));
  CHECK(micros(16) == Approx(10.0));
  CHECK(micros(40) == Approx(11.0));
  CHECK(micros(64) == Approx(12.0));
  CHECK(micros(96) == Approx(21.0));
  CHECK(micros(128) == Approx(30.0));
  CHECK(micros(256) == Approx(60.0));
  CHECK(cost.gemm(product(2048, 1024), 64).value() == Approx(99e-6));
  // Other shapes and formats follow the formula.
  const OperatorCost bare(ideal_gpu());
  CHECK(cost.gemm(product(4096, 2048), 64).value() ==
        Approx(5e-6 + bare.gemm(product(4096, 2048), 64).value()));
  CHECK(cost.gemm(product(4096, 1024, Precision::fp8), 64).value() ==
        Approx(5e-6 + bare.gemm(product(4096, 1024, Precision::fp8), 64).value()));
}

TEST_CASE("Decode attention reads every cached token; grouped experts read every active expert", "[cost]") {
  const OperatorCost cost(ideal_gpu());
  AttentionWork attention;
  attention.decode_flops_per_pair = Flops(4.0);
  attention.cache_bytes_per_token = 4096_B;
  CHECK(cost.decode_attention(attention, 8, 80000.0).value() == Approx(80000.0 * 4096 / 2000e9));
  ExpertWork experts;
  experts.weight_bytes_per_expert = 100_MiB;
  experts.flops_per_row = Flops(1.0);
  const Seconds one = cost.experts(experts, 8.0, 64.0, 1);
  CHECK(cost.experts(experts, 8.0, 64.0, 5).value() == Approx(5.0 * one.value()));
}

TEST_CASE("Small kernels cost an overhead each and move their bytes together", "[cost]") {
  Gpu gpu = ideal_gpu();
  gpu.profile.kernel_overhead = 3_us;
  gpu.profile.elementwise.memory = 0.5;
  CHECK(OperatorCost(gpu).elementwise(4.0, Bytes(1e9)).value() == Approx(12e-6 + 1e-3));
}
