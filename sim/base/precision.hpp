// Number formats of weights, activations and KV cache, with the bytes an element really takes, scales
// included.
#pragma once

#include <span>
#include <string_view>

#include "sim/base/units.hpp"

namespace switchyard {

enum class Precision { fp32, bf16, fp16, fp8, fp8_block, int8, int4, fp4, mxfp4 };

struct PrecisionRow {
  std::string_view name;         // "fp8_block"
  std::string_view description;  // "e4m3 with one fp32 scale per 128 x 128 block"
  Precision precision;
  Bytes bytes_per_element;  // scales included: mxfp4 is 0.5 + 1/32
};

/// The menu of formats. fp4 is NVFP4 (blocks of 16, one fp8 scale), mxfp4 has blocks of 32 (one 8-bit
/// exponent), int4 groups of 32 (one bf16 scale).
std::span<const PrecisionRow> precisions();

/// Throws InputError at `path` with the choices.
Precision precision_of(std::string_view name, const std::string& path);
std::string_view name_of(Precision precision);
Bytes bytes_per_element(Precision precision);

}  // namespace switchyard
