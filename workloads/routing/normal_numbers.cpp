// The ziggurat: 127 horizontal blocks of equal area under the density and a base block with the tail. Most
// numbers fall inside a block's rectangle; 2.4 % need a look at the density.
#include "workloads/routing/normal_numbers.hpp"

#include <array>
#include <cmath>

#include "kernels/exponential.hpp"

namespace switchyard {
namespace {

constexpr int kBlocks = 128;
constexpr double kTailStart = 3.442619855899;  // Doornik 2005, table 1
constexpr double kBlockArea = 9.91256303526217e-3;

struct Blocks {
  std::array<float, kBlocks + 1> edge;  // right edges; edge[0] is the base block's virtual one, edge[128] = 0
  std::array<float, kBlocks> inside;    // edge[i + 1] / edge[i]: surely under the density up to there

  Blocks() {
    std::array<double, kBlocks + 1> x;
    double density = std::exp(-0.5 * kTailStart * kTailStart);
    x[0] = kBlockArea / density;
    x[1] = kTailStart;
    for (int i = 2; i < kBlocks; ++i) {
      x[i] = std::sqrt(-2.0 * std::log(kBlockArea / x[i - 1] + density));
      density = std::exp(-0.5 * x[i] * x[i]);
    }
    x[kBlocks] = 0.0;
    for (int i = 0; i <= kBlocks; ++i) edge[i] = static_cast<float>(x[i]);
    for (int i = 0; i < kBlocks; ++i) inside[i] = static_cast<float>(x[i + 1] / x[i]);
  }
};

const Blocks& blocks() {
  static const Blocks table;
  return table;
}

/// Where 32 random bits point: the low 7 to a block, the high 24 to a position in (-1, 1).
struct Draw {
  std::uint32_t block;
  float position;
};

Draw draw_of(std::uint32_t bits) {
  const std::int32_t place = static_cast<std::int32_t>(bits) >> 8;
  return {bits & (kBlocks - 1), static_cast<float>(2 * place + 1) * 0x1p-24f};
}

}  // namespace

void NormalNumbers::fill(std::span<float> values) {
  const Blocks& table = blocks();
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    bits = i % 2 == 0 ? random_.bits() : bits >> 32;
    const Draw draw = draw_of(static_cast<std::uint32_t>(bits));
    const bool inside = std::abs(draw.position) < table.inside[draw.block];
    values[i] = inside ? draw.position * table.edge[draw.block] : outside(draw.block, draw.position);
  }
}

/// A position beyond the rectangle of its block: accepted, or drawn anew, by the density.
float NormalNumbers::outside(std::uint32_t block, float position) {
  const Blocks& table = blocks();
  for (;;) {
    if (block == 0) return tail(position);
    const float x = position * table.edge[block];
    const float high = exp_fp32(0.5f * (x * x - table.edge[block] * table.edge[block]));
    const float low = exp_fp32(0.5f * (x * x - table.edge[block + 1] * table.edge[block + 1]));
    if (high + static_cast<float>(random_.uniform()) * (low - high) < 1.0f) return x;
    const Draw next = draw_of(static_cast<std::uint32_t>(random_.bits() >> 32));
    if (std::abs(next.position) < table.inside[next.block]) return next.position * table.edge[next.block];
    block = next.block;
    position = next.position;
  }
}

/// Marsaglia, "Generating a variable from the tail of the normal distribution", 1964.
float NormalNumbers::tail(float sign) {
  double x = 0.0;
  double y = 0.0;
  do {
    x = random_.exponential(1.0 / kTailStart);
    y = random_.exponential(1.0);
  } while (2.0 * y < x * x);
  return static_cast<float>(std::copysign(kTailStart + x, sign));
}

}  // namespace switchyard
