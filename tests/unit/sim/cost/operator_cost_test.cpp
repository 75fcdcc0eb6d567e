// Operator times on a GPU with round numbers: closed forms, and measured tables that correct them.
#include <algorithm>
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

/// As ideal, but at a distance from it, without and with tables.
Gpu plain_gpu() {
  Gpu gpu = ideal_gpu();
  gpu.profile.kernel_overhead = 3_us;
  gpu.profile.gemm = gpu.profile.grouped_gemm = {0.7, 0.8};
  gpu.profile.prefill_attention = gpu.profile.decode_attention = {0.5, 0.7};
  gpu.profile.elementwise = {1.0, 0.6};
  return gpu;
}

Gpu measured_gpu() {
  Gpu gpu = plain_gpu();
  OperatorTables& tables = gpu.profile.tables.own();
  tables.gemm = {{128, 4096, 1024, Precision::bf16, 30_us},  // out of order on purpose
                 {16, 4096, 1024, Precision::bf16, 11_us},
                 {64, 2048, 1024, Precision::bf16, 99_us},
                 {64, 4096, 1024, Precision::fp8, 8_us}};
  tables.grouped_gemm = {{16, 8, 2048, 768, Precision::bf16, 60_us},
                         {1024, 64, 2048, 768, Precision::bf16, 333_us}};
  tables.prefill_attention = {{512, 0, 32, 8, 128, Precision::bf16, 40_us},
                              {512, 8192, 32, 8, 128, Precision::bf16, 350_us}};
  tables.decode_attention = {{8, 1000, 32, 8, 128, Precision::bf16, 44_us},
                             {64, 2000, 32, 8, 128, Precision::bf16, 555_us},
                             {64, 2000, 128, 1, 576, Precision::bf16, 222_us}};
  tables.elementwise = {{4096, 2.5_us}, {1 << 30, 1.5_ms}};
  return gpu;
}

AttentionWork attention(std::int64_t heads, std::int64_t kv_heads) {
  Layer layer;
  layer.attention.emplace();
  layer.attention->num_attention_heads = heads;
  layer.attention->num_key_value_heads = kv_heads;
  layer.attention->head_dim = 128;
  return *work_of(layer, 4096, {}, {}).attention;
}

AttentionWork latent_attention() {
  Layer layer;
  layer.attention.emplace();
  layer.attention->num_attention_heads = 128;
  layer.attention->latent = LatentAttention{1536, 512, 128, 64, 128};
  return *work_of(layer, 7168, {}, {}).attention;
}

ExpertWork experts_of(std::int64_t hidden_size, std::int64_t intermediate_size) {
  return work_of(GroupedGemmPoint{1, 1, hidden_size, intermediate_size, Precision::bf16, 1_us}, ideal_gpu());
}

double micros(Seconds time) { return time.value() * 1e6; }

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

TEST_CASE("Products pad rows to 16 and columns to 128, and leave a part of a wave idle", "[cost]") {
  Gpu gpu = ideal_gpu();
  gpu.memory_bandwidth = BytesPerSecond(1e18);  // compute alone
  CHECK(OperatorCost(gpu).gemm(product(1000, 8192), 1).value() == Approx(2.0 * 16 * 1024 * 8192 / 1000e12));
  CHECK(OperatorCost(gpu).gemm(product(1024, 8192), 16).value() == Approx(2.0 * 16 * 1024 * 8192 / 1000e12));
  gpu.multiprocessors = 100;
  CHECK(OperatorCost(gpu).gemm(product(1024, 8192), 256).value() ==
        Approx(2.0 * 8192 * (256 * 1024 + 0.12 * 100 * 128 * 128) / 1000e12));
}

TEST_CASE("Prefill's rate grows with the prompt's length", "[cost]") {
  Gpu gpu = ideal_gpu();
  gpu.multiprocessors = 132;
  const OperatorCost cost(gpu);
  double last = 0.0;
  for (std::int64_t tokens = 16; tokens <= 65536; tokens *= 4) {
    const double n = static_cast<double>(tokens), pairs = n * (n + 1.0) / 2.0;
    const double rate = pairs / cost.prefill_attention(attention(32, 8), pairs, n, tokens).value();
    CHECK(rate > last);
    last = rate;
  }
  CHECK(last * 4.0 * 32 * 128 > 0.9 * 1000e12);
  CHECK(last * 4.0 * 32 * 128 < 1000e12);
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

TEST_CASE("Decode attention reads every cached token; grouped experts read every active expert", "[cost]") {
  const OperatorCost cost(ideal_gpu());
  AttentionWork attention;
  attention.decode_flops_per_pair = Flops(4.0);
  attention.cache_bytes_per_token = 4096_B;
  // A sequence costs as much as 100 tokens more.
  CHECK(cost.decode_attention(attention, 8, 80000.0).value() == Approx(80800.0 * 4096 / 2000e9));
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

TEST_CASE("An operator of a measured size takes the measured time, overhead included", "[cost]") {
  const OperatorCost cost(measured_gpu(), 64);
  CHECK(micros(cost.gemm(product(4096, 1024), 16)) == Approx(11.0).epsilon(1e-9));
  CHECK(micros(cost.gemm(product(4096, 1024), 128)) == Approx(30.0).epsilon(1e-9));
  CHECK(micros(cost.gemm(product(2048, 1024), 64)) == Approx(99.0).epsilon(1e-9));
  CHECK(micros(cost.gemm(product(4096, 1024, Precision::fp8), 64)) == Approx(8.0).epsilon(1e-9));
  // Padded as the engine pads: 2 rows an expert to 64, then 16.
  CHECK(micros(cost.experts(experts_of(2048, 768), 16.0, 8.0 * 64, 8)) == Approx(60.0).epsilon(1e-9));
  CHECK(micros(cost.experts(experts_of(2048, 768), 1024.0, 64.0 * 64, 64)) == Approx(333.0).epsilon(1e-9));
  const double first = 512.0 * 513 / 2, later = 512.0 * 8192 + first;
  CHECK(micros(cost.prefill_attention(attention(32, 8), first, 512.0, 512)) == Approx(40.0).epsilon(1e-9));
  CHECK(micros(cost.prefill_attention(attention(32, 8), later, 8704.0, 512)) == Approx(350.0).epsilon(1e-9));
  CHECK(micros(cost.decode_attention(attention(32, 8), 8, 8000.0)) == Approx(44.0).epsilon(1e-9));
  CHECK(micros(cost.decode_attention(attention(32, 8), 64, 128000.0)) == Approx(555.0).epsilon(1e-9));
  CHECK(micros(cost.decode_attention(latent_attention(), 64, 128000.0)) == Approx(222.0).epsilon(1e-9));
  CHECK(micros(cost.elementwise(1.0, Bytes(4096))) == Approx(2.5).epsilon(1e-9));
  CHECK(micros(cost.elementwise(1.0, Bytes(1 << 30))) == Approx(1500.0).epsilon(1e-9));
}

TEST_CASE("Between measured sizes a product's ratio to the formula lies between theirs, beyond them it stays",
          "[cost]") {
  const OperatorCost cost(measured_gpu()), formula(plain_gpu());
  const auto ratio = [&](std::int64_t m) {
    return cost.gemm(product(4096, 1024), m) / formula.gemm(product(4096, 1024), m);
  };
  REQUIRE(ratio(16) < ratio(128));
  CHECK(ratio(40) > ratio(16));
  CHECK(ratio(40) < ratio(128));
  CHECK(ratio(1) == Approx(ratio(16)).epsilon(1e-9));
  CHECK(ratio(5000) == Approx(ratio(128)).epsilon(1e-9));
  Seconds last;
  for (std::int64_t m = 1; m < 1000; ++m) {
    CHECK(cost.gemm(product(4096, 1024), m) >= last);
    last = cost.gemm(product(4096, 1024), m);
  }
}

TEST_CASE("Operators of formats and kinds that were not measured follow the formula", "[cost]") {
  const OperatorCost cost(measured_gpu()), formula(plain_gpu());
  const auto same = [&](auto time_on) { CHECK(time_on(cost) == time_on(formula)); };
  same([](const OperatorCost& on) { return on.gemm(product(4096, 1024, Precision::fp32), 64); });
  same([](const OperatorCost& on) {
    Gemm weights_only = product(4096, 1024, Precision::fp8);
    weights_only.activations = Precision::bf16;
    return on.gemm(weights_only, 64);
  });
  same([](const OperatorCost& on) {
    ExpertWork plain = experts_of(2048, 768);
    plain.gated = false;
    return on.experts(plain, 16.0, 512.0, 8);
  });
  same([](const OperatorCost& on) { return on.prefill_attention(latent_attention(), 131328.0, 512.0, 512); });
  same([](const OperatorCost& on) {
    AttentionWork fp8_cache = attention(32, 8);
    fp8_cache.kv_cache = Precision::fp8;
    return on.decode_attention(fp8_cache, 8, 8000.0);
  });
}

TEST_CASE("A product between measured shapes has a ratio between theirs, one outside the edge's", "[cost]") {
  const OperatorCost cost(measured_gpu()), formula(plain_gpu());
  const auto ratio = [&](std::int64_t n, std::int64_t k) {
    return cost.gemm(product(n, k), 64) / formula.gemm(product(n, k), 64);
  };
  const double narrow = ratio(2048, 1024), wide = ratio(4096, 1024);
  CHECK(ratio(3072, 1024) > std::min(narrow, wide));
  CHECK(ratio(3072, 1024) < std::max(narrow, wide));
  CHECK(ratio(512, 1024) == Approx(narrow));
  CHECK(ratio(2048, 9999) == Approx(narrow));
}

TEST_CASE("Every class takes its ratio from the nearest shapes that were measured", "[cost]") {
  const OperatorCost cost(measured_gpu()), formula(plain_gpu());
  const auto ratio = [&](auto time_on) { return time_on(cost) / time_on(formula); };
  CHECK(
      ratio([](const OperatorCost& on) { return on.experts(experts_of(2048, 384), 16.0, 16.0, 8); }) ==
      Approx(ratio([](const OperatorCost& on) { return on.experts(experts_of(2048, 768), 16.0, 16.0, 8); })));
  CHECK(
      ratio([](const OperatorCost& on) { return on.decode_attention(attention(16, 4), 8, 8000.0); }) ==
      Approx(ratio([](const OperatorCost& on) { return on.decode_attention(attention(32, 8), 8, 8000.0); })));
  CHECK(ratio([](const OperatorCost& on) {
          return on.prefill_attention(attention(16, 4), 131328.0, 512.0, 512);
        }) == Approx(ratio([](const OperatorCost& on) {
          return on.prefill_attention(attention(32, 8), 131328.0, 512.0, 512);
        })));
}

TEST_CASE("Several small kernels are as many measured ones of their share of the bytes", "[cost]") {
  const OperatorCost cost(measured_gpu());
  CHECK(micros(cost.elementwise(3.0, Bytes(3 * 4096))) == Approx(3 * 2.5).epsilon(1e-9));
  const Seconds empty = cost.elementwise(1.0, Bytes(0.0));
  CHECK(empty > 0_s);
  CHECK(empty < 2.5_us);
  CHECK(cost.elementwise(0.0, Bytes(0.0)) == 0_s);
}

TEST_CASE("No work takes no time on a measured GPU either", "[cost]") {
  const OperatorCost cost(measured_gpu());
  CHECK(cost.gemm(product(4096, 1024), 0) == 0_s);
  CHECK(cost.decode_attention(attention(32, 8), 0, 0.0) == 0_s);
  CHECK(cost.prefill_attention(attention(32, 8), 0.0, 0.0, 0) == 0_s);
  CHECK(cost.experts(experts_of(2048, 768), 0.0, 0.0, 0) == 0_s);
}

TEST_CASE("A measured table of even loads serves uneven ones by their tiles", "[cost]") {
  Gpu gpu = read_gpu(Json("h100_sxm"), ".", "test");
  gpu.profile.tables = {};
  const auto add = [&](std::int64_t each, std::int64_t active, double us) {
    gpu.profile.tables.own().grouped_gemm.push_back(
        {each * active, active, 4096, 14336, Precision::bf16, Seconds(us * 1e-6)});
  };
  for (const auto& [each, us] :
       {std::pair(64, 1050.0), {128, 1050.0}, {192, 1110.0}, {256, 1110.0}, {512, 2010.0}})
    add(each, 8, us), add(each, 16, 2.0 * us);
  ExpertTiling tiling(128);
  tiling.large = ExpertTiling::Large{128, 256};
  const OperatorCost cost(gpu, tiling);
  const ExpertWork work = work_of(gpu.profile.tables->grouped_gemm.front(), gpu);
  const auto us = [&](double rows, double tiled, std::int64_t reads) {
    return cost.experts(work, rows, tiled, reads).value() * 1e6;
  };
  CHECK(us(8 * 128, 8 * 128, 8) == Approx(1050.0));
  CHECK(us(8 * 200, 8 * 256, 8) == Approx(1110.0).epsilon(0.01));
  CHECK(us(8 * 128, 16 * 128, 16) ==
        Approx(2100.0).epsilon(0.01));       // each has one row too many: all read twice
  CHECK(us(8 * 256, 12 * 256, 8) > 1400.0);  // half of them have a second large tile
  CHECK(us(8 * 256, 12 * 256, 8) < 1600.0);
}

TEST_CASE("Products in fp16 take what was measured in bf16", "[cost]") {
  Gpu gpu = ideal_gpu();
  gpu.profile.tables.own().gemm = {{64, 4096, 4096, Precision::bf16, 77_us}};
  const OperatorCost cost(gpu);
  const Gemm product{"test", Part::dense_gemm, 4096, 4096, Precision::fp16, Precision::fp16};
  CHECK(cost.gemm(product, 64).value() == Approx((77_us).value()));
}
