// Laws of a measured profile: measured sizes come out as measured whatever lies around them, sizes between do
// not jump, and products rise with their rows where the measured ones do.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/cost/operator_cost.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

constexpr std::int64_t kRows[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096};

/// A machine unlike the formula's: small products take twice as long, wide ones less; never falling in m.
Seconds machine_time(double m, double n, double k) {
  const double reads = n * k * 2.0 / 2e12, computes = 2.0 * m * n * k / 4e14;
  return Seconds(4e-6 + std::max(reads * (1.0 + 500.0 / n), computes) + 0.3 * std::min(reads, computes));
}

Gpu measured_gpu() {
  Gpu gpu = read_gpu(round_gpu(), "", "test");
  for (std::int64_t n : {512, 2048, 8192, 32768})
    for (std::int64_t k : {512, 4096, 16384})
      for (std::int64_t m : kRows)
        gpu.profile.tables.own().gemm.push_back(
            {m, n, k, Precision::bf16,
             machine_time(static_cast<double>(m), static_cast<double>(n), static_cast<double>(k))});
  for (std::int64_t sequences : {1, 8, 64})
    for (std::int64_t context : {128, 2048, 32768})
      for (std::int64_t kv_heads : {1, 8})
        gpu.profile.tables.own().decode_attention.push_back(
            {sequences, context, 4 * kv_heads, kv_heads, 128, Precision::bf16,
             Seconds(5e-6 + 1e-12 * static_cast<double>(sequences * kv_heads * (context + 500)) * 512.0)});
  return gpu;
}

Gemm product(std::int64_t n, std::int64_t k) {
  return {"test", Part::dense_gemm, n, k, Precision::bf16, Precision::bf16};
}

}  // namespace

TEST_CASE("Every measured size comes out as measured", "[laws]") {
  const Gpu gpu = measured_gpu();
  const OperatorCost cost(gpu);
  for (const GemmPoint& point : gpu.profile.tables->gemm) {
    CAPTURE(point.m, point.n, point.k);
    CHECK(cost.gemm(product(point.n, point.k), point.m).value() == Approx(point.time.value()).epsilon(1e-9));
  }
  for (const DecodeAttentionPoint& point : gpu.profile.tables->decode_attention) {
    CAPTURE(point.sequences, point.context, point.kv_heads);
    CHECK(cost.decode_attention(works_of(point).front(), point.sequences,
                                static_cast<double>(point.sequences * point.context))
              .value() == Approx(point.time.value()).epsilon(1e-9));
  }
}

TEST_CASE("Products of any shape never take less for more rows where measured ones do not", "[laws]") {
  const OperatorCost cost(measured_gpu());
  for (std::int64_t n : {100, 512, 700, 3000, 8192, 50000}) {
    for (std::int64_t k : {300, 512, 1000, 5000, 20000}) {
      Seconds last;
      for (std::int64_t m = 1; m < 6000; m += 1 + m / 40) {
        CAPTURE(n, k, m);
        const Seconds time = cost.gemm(product(n, k), m);
        CHECK(time >= (1.0 - 1e-12) * last);  // level stretches round
        last = time;
      }
    }
  }
}

TEST_CASE("Products between measured shapes are near to what the machine takes", "[laws]") {
  const OperatorCost cost(measured_gpu());
  for (std::int64_t n : {512, 1024, 4096, 11008, 20000, 32768}) {
    for (std::int64_t k : {512, 1536, 4096, 11008}) {
      for (std::int64_t m : {1, 3, 24, 64, 96, 700, 3000}) {
        CAPTURE(n, k, m);
        CHECK(
            cost.gemm(product(n, k), m).value() ==
            Approx(
                machine_time(static_cast<double>(m), static_cast<double>(n), static_cast<double>(k)).value())
                .epsilon(0.15));
      }
    }
  }
}

TEST_CASE("Decode attention has no step where the grid's cells meet", "[laws]") {
  const OperatorCost cost(measured_gpu());
  for (std::int64_t kv_heads : {1, 2, 8, 16}) {
    const AttentionWork work = works_of({1, 1, 4 * kv_heads, kv_heads, 128, Precision::bf16, 1_us}).front();
    for (std::int64_t sequences : {1, 5, 8, 100}) {
      for (double context = 100.0; context < 50000.0; context *= 1.004) {
        CAPTURE(kv_heads, sequences, context);
        const double all = context * static_cast<double>(sequences);
        const Seconds here = cost.decode_attention(work, sequences, all);
        CHECK(cost.decode_attention(work, sequences, all * 1.004) / here == Approx(1.0).epsilon(0.01));
      }
    }
  }
}
