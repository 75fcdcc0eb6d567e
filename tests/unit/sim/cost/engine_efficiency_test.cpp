// What an engine's kernels reach beside the GPU profile's.
#include <catch2/catch.hpp>

#include "sim/cost/operator_cost.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

/// 1000 TFLOPS, 2 TB/s, and one measured product, which took twice as long as the formula says.
Gpu gpu_with_table() {
  Gpu gpu;
  gpu.memory_bandwidth = 2000_GBps;
  gpu.peak[Precision::bf16] = 1000_TFLOPS;
  gpu.profile.kernel_overhead = 3_us;
  const Gemm gemm{"test", Part::dense_gemm, 4096, 4096, Precision::bf16, Precision::bf16};
  const Seconds formula = OperatorCost(gpu).gemm(gemm, 8192);
  gpu.profile.tables.own().gemm = {{8192, 4096, 4096, Precision::bf16, formula * 2.0}};
  return gpu;
}

const Gemm kMeasured{"test", Part::dense_gemm, 4096, 4096, Precision::bf16, Precision::bf16};

EngineEfficiency read(const std::string& text) {
  const Json json = parse_json(text, "test");
  ObjectReader reader(json, "test");
  return read_engine_efficiency(reader, "efficiency");
}

}  // namespace

TEST_CASE("An engine without factors has the profile's times, to the bit", "[cost]") {
  const Gpu gpu = gpu_with_table();
  CHECK(OperatorCost(gpu, 16, EngineEfficiency{}).gemm(kMeasured, 8192) ==
        OperatorCost(gpu, 16).gemm(kMeasured, 8192));
  CHECK(OperatorCost(gpu, 16, EngineEfficiency{}).elementwise(2.0, Bytes(1e6)) ==
        OperatorCost(gpu, 16).elementwise(2.0, Bytes(1e6)));
}

TEST_CASE("A factor acts on top of what a table has corrected", "[cost]") {
  const Gpu gpu = gpu_with_table();
  EngineEfficiency half;
  half.gemm.compute = 0.5;
  const double ratio =
      OperatorCost(gpu, 1, half).gemm(kMeasured, 8192) / OperatorCost(gpu, 1).gemm(kMeasured, 8192);
  CHECK(ratio > 1.9);  // compute-bound, beside 3 us of overhead
  CHECK(ratio < 2.0);
}

TEST_CASE("A factor on compute leaves what is bound by memory as it was", "[cost]") {
  EngineEfficiency half;
  half.gemm.compute = 0.5;
  const Gpu gpu = gpu_with_table();
  const double ratio =
      OperatorCost(gpu, 1, half).gemm(kMeasured, 1) / OperatorCost(gpu, 1).gemm(kMeasured, 1);
  CHECK(ratio == Approx(1.0).epsilon(1e-4));
}

TEST_CASE("A factor on a kernel's overhead acts on small kernels whole", "[cost]") {
  EngineEfficiency overlapped;
  overlapped.kernel_overhead = 0.5;
  const Gpu gpu = gpu_with_table();
  CHECK((OperatorCost(gpu, 1, overlapped).elementwise(4.0, Bytes(0.0))).value() ==
        Approx(0.5 * OperatorCost(gpu, 1).elementwise(4.0, Bytes(0.0)).value()));
}

TEST_CASE("An engine's factors read, and an unknown class of operators is refused", "[cost]") {
  const EngineEfficiency efficiency =
      read(R"({"efficiency": {"gemm": {"compute": 0.8}, "kernel_overhead": 0.7}})");
  CHECK(efficiency.gemm == OperatorEfficiency(0.8, 1.0));
  CHECK(efficiency.kernel_overhead == 0.7);
  CHECK(read("{}") == EngineEfficiency{});
  CHECK_THROWS_AS(read(R"({"efficiency": {"gem": {"compute": 0.8}}})"), InputError);
  CHECK_THROWS_AS(read(R"({"efficiency": {"gemm": {"compute": 0}}})"), InputError);
}

TEST_CASE("A format with kernels of its own has factors of its own, and its class's where it says none",
          "[cost]") {
  const EngineEfficiency efficiency =
      read(R"({"efficiency": {"grouped_gemm": {"compute": 0.8, "memory": 0.9, "mxfp4": {"compute": 0.4}}}})");
  Gpu gpu = gpu_with_table();
  gpu.profile.grouped_gemm = {0.5, 0.7};
  gpu.profile.grouped_gemm.formats[Precision::fp8] = {0.6, 0.7};
  const OperatorEfficiency reached = formula_gpu(gpu, efficiency).profile.grouped_gemm;
  const auto check = [&](Precision format, double compute) {
    CHECK(reached.in(format).compute == Approx(compute));
    CHECK(reached.in(format).memory == Approx(0.63));
  };
  check(Precision::bf16, 0.4);
  check(Precision::fp8, 0.48);
  check(Precision::mxfp4, 0.2);
  CHECK_THROWS_AS(read(R"({"efficiency": {"gemm": {"mxfp4": {"compute": 0}}}})"), InputError);
  CHECK_THROWS_AS(read(R"({"efficiency": {"gemm": {"mxfp5": {"compute": 1}}}})"), InputError);
}
