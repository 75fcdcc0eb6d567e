// Every variant of the gates' arithmetic, numbered in the order in which one idea was put on the other, for
// whoever wants to learn from them. Tests hold each to the reference, and the benchmark measures what it
// gains (results/05-kernels).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/gate_arithmetic.hpp"

namespace switchyard {

struct GateVariant {
  int number;
  std::string_view name;
  std::string_view description;  // its idea in one sentence
  /// nullptr where this machine lacks the instructions.
  const GateArithmetic* (*arithmetic)();
  /// Its scores differ from the reference's by at most this part of the sum of |hidden · weight| over the
  /// hidden dimension; 0 means the same bits.
  double score_error = 0.0;
  std::int64_t threads = 1;
  ScoreFormat format = ScoreFormat::fp32;
};

std::span<const GateVariant> gate_variants();

}  // namespace switchyard
