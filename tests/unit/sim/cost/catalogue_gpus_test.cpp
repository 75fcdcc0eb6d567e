// The catalogue's GPUs in the order that their datasheets promise.
#include <catch2/catch.hpp>

#include "sim/cost/operator_cost.hpp"

using namespace switchyard;

namespace {

/// A product of 8192 by 8192 weights with rows of activations, as the GPU computes it by default.
Seconds product(const std::string& gpu, Precision weights, std::int64_t rows) {
  const Gpu wanted = read_gpu(gpu, "", "test");
  Gemm gemm;
  gemm.n = gemm.k = 8192;
  gemm.weights = weights;
  gemm.activations = activations_beside(wanted, weights);
  return OperatorCost(wanted).gemm(gemm, rows);
}

/// Each is faster than the next.
void check_order(const std::vector<std::string>& gpus, Precision weights, std::int64_t rows) {
  for (std::size_t i = 1; i < gpus.size(); ++i) {
    CAPTURE(gpus[i - 1], gpus[i]);
    CHECK(product(gpus[i - 1], weights, rows) < product(gpus[i], weights, rows));
  }
}

}  // namespace

TEST_CASE("Few rows are as fast as the memory, many as the tensor cores", "[cost]") {
  check_order(
      {"b200_sxm", "h200_sxm", "mi300x", "h20", "h100_sxm", "a100_sxm", "rtx_pro_6000", "rtx_4090", "l40s"},
      Precision::bf16, 1);
  check_order({"gb200", "b200_sxm", "h100_sxm", "mi300x", "rtx_pro_6000", "l40s", "a100_sxm", "h20"},
              Precision::bf16, 8192);
  CHECK(product("h800_sxm", Precision::bf16, 64) == product("h100_sxm", Precision::bf16, 64));
}

TEST_CASE("A format that a GPU lacks saves the reading of weights, not the computing", "[cost]") {
  for (const std::string gpu : {"a100_sxm", "h100_sxm", "l40s", "mi300x"}) {
    CAPTURE(gpu);
    CHECK(product(gpu, Precision::fp4, 1) < 0.5 * product(gpu, Precision::bf16, 1));
    CHECK(product(gpu, Precision::fp4, 8192) > 0.9 * product(gpu, Precision::bf16, 8192));
  }
  CHECK(product("a100_sxm", Precision::fp8, 8192) > 0.9 * product("a100_sxm", Precision::bf16, 8192));
  CHECK(product("h100_sxm", Precision::fp8, 8192) < 0.6 * product("h100_sxm", Precision::bf16, 8192));
  for (const std::string gpu : {"b200_sxm", "b300_sxm", "gb200", "rtx_pro_6000"}) {
    CAPTURE(gpu);
    // A quarter by the datasheets; kernels measured on a B200 reach less of the peak in fp4.
    CHECK(product(gpu, Precision::fp4, 8192) < 0.45 * product(gpu, Precision::bf16, 8192));
    CHECK(product(gpu, Precision::mxfp4, 8192) > 0.9 * product(gpu, Precision::bf16, 8192));
  }
}

TEST_CASE("A measured GPU's tables come out as measured, and scale by the datasheet to another", "[cost]") {
  const Gpu h100 = read_gpu("h100_sxm", "", "test");
  Gpu doubled = h100, wider = h100;
  doubled.profile.measured_on = wider.profile.measured_on = "h100_sxm";
  doubled.memory_bandwidth = 2.0 * h100.memory_bandwidth;  // all that a time is made of but its overheads
  for (auto& [format, rate] : doubled.peak) rate = 2.0 * rate;
  wider.memory_bandwidth = 1.25 * h100.memory_bandwidth;
  const OperatorCost cost(h100), of_doubled(doubled), of_wider(wider);
  REQUIRE(h100.profile.tables->gemm.size() > 1000);
  for (const GemmPoint& point : h100.profile.tables->gemm) {
    CAPTURE(point.m, point.n, point.k);
    const Gemm gemm = work_of(point, h100);
    const Seconds time = cost.gemm(gemm, point.m);
    CHECK(time.value() == Approx(point.time.value()).epsilon(0.03));  // some fall from m to m
    CHECK(of_doubled.gemm(gemm, point.m) < time);
    CHECK(of_doubled.gemm(gemm, point.m) > 0.49 * time);
    CHECK(of_wider.gemm(gemm, point.m) <= time);
  }
  for (const DecodeAttentionPoint& point : h100.profile.tables->decode_attention) {
    CAPTURE(point.sequences, point.context, point.heads);
    const AttentionWork work = works_of(point).front();
    const auto context = static_cast<double>(point.sequences * point.context);
    const Seconds time = cost.decode_attention(work, point.sequences, context);
    CHECK(time.value() == Approx(point.time.value()).epsilon(1e-9));
    CHECK(of_doubled.decode_attention(work, point.sequences, context) < time);
    CHECK(of_wider.decode_attention(work, point.sequences, context) < time);
  }
}
