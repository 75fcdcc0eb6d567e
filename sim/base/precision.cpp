// The menu of number formats.
#include "sim/base/precision.hpp"

#include <algorithm>
#include <array>

#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"

namespace switchyard {
namespace {

// NVFP4: NVIDIA, "Introducing NVFP4 for efficient and accurate low-precision inference", 2025.
// MXFP4: OCP Microscaling Formats (MX) specification 1.0. fp8_block: DeepSeek-V3 technical report,
// section 3.3.
constexpr std::array<PrecisionRow, 9> kPrecisions{{
    {"fp32", "IEEE 754 single", Precision::fp32, Bytes(4.0)},
    {"bf16", "bfloat16", Precision::bf16, Bytes(2.0)},
    {"fp16", "IEEE 754 half", Precision::fp16, Bytes(2.0)},
    {"fp8", "e4m3, one scale per tensor or channel (not counted)", Precision::fp8, Bytes(1.0)},
    {"fp8_block", "e4m3 with one fp32 scale per 128 x 128 block", Precision::fp8_block,
     Bytes(1.0 + 4.0 / 16384.0)},
    {"int8", "8-bit integers, one scale per channel (not counted)", Precision::int8, Bytes(1.0)},
    {"int4", "4-bit integers with one bf16 scale per group of 32", Precision::int4, Bytes(0.5 + 2.0 / 32.0)},
    {"fp4", "NVFP4: e2m1 with one fp8 scale per block of 16", Precision::fp4, Bytes(0.5 + 1.0 / 16.0)},
    {"mxfp4", "e2m1 with one 8-bit exponent per block of 32", Precision::mxfp4, Bytes(0.5 + 1.0 / 32.0)},
}};

const PrecisionRow& row_of(Precision precision) {
  const auto row = std::find_if(kPrecisions.begin(), kPrecisions.end(),
                                [&](const PrecisionRow& r) { return r.precision == precision; });
  ensure(row != kPrecisions.end(), "every precision has its row");
  return *row;
}

}  // namespace

std::span<const PrecisionRow> precisions() { return kPrecisions; }

Precision precision_of(std::string_view name, const std::string& path) {
  return choose(precisions(), name, path).precision;
}

std::string_view name_of(Precision precision) { return row_of(precision).name; }

Bytes bytes_per_element(Precision precision) { return row_of(precision).bytes_per_element; }

}  // namespace switchyard
