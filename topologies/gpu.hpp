// A GPU: datasheet numbers with their source, and the profile that turns shapes into times.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/precision.hpp"
#include "sim/base/units.hpp"

namespace switchyard {

/// One class of operators: time = overhead + smooth_max(flops / (peak x compute), bytes / (bandwidth x memory)).
struct OperatorEfficiency {
  double compute = 1.0;  // share of the peak rate reached on large shapes
  double memory = 1.0;   // share of the memory bandwidth reached on large shapes
};

/// One measured GEMM: y[m, n] = x[m, k] w[k, n].
struct GemmPoint {
  std::int64_t m = 0, n = 0, k = 0;
  Precision precision = Precision::bf16;
  Seconds time;
};

/// What a GPU reaches of its datasheet. The default profile is "measured": false and every report says so.
struct GpuProfile {
  bool measured = false;
  std::string source;
  OperatorEfficiency gemm, grouped_gemm, prefill_attention, decode_attention, elementwise;
  Seconds kernel_overhead;            // of one kernel inside a CUDA graph
  double smoothness = 4.0;            // p of the smooth maximum (a^p + b^p)^(1/p)
  std::vector<GemmPoint> gemm_table;  // may be empty; sorted by precision, n, k, m
};

struct Gpu {
  std::string name;
  std::string description;
  std::string source;
  Bytes memory;
  BytesPerSecond memory_bandwidth;
  std::map<Precision, FlopsPerSecond> peak;  // dense tensor-core rates; a missing format computes in bf16
  FlopsPerSecond vector_peak;                // fp32 outside the tensor cores
  BytesPerSecond nvlink;                     // per GPU and direction; 0 = none: PCIe
  BytesPerSecond pcie;                       // per GPU and direction
  Watts tdp;
  GpuProfile profile;
};

std::vector<std::string> gpu_names();

/// A catalogue name or a path to a GPU's JSON. Throws InputError with the choices.
Gpu read_gpu(const std::string& wish, const std::string& base_folder, const std::string& path);

/// Peak rate of a format; those the tensor cores lack (int4, mxfp4, fp4 on Hopper) compute in bf16.
FlopsPerSecond peak_rate(const Gpu& gpu, Precision precision);

}  // namespace switchyard
