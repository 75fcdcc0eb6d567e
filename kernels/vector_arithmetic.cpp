// The gates' arithmetic with Google Highway: lanes are experts, so every score keeps the scalar chain of
// fused multiply-adds. Compiled once per instruction set and chosen at run time. Targets without FMA are left
// out: they could not give the same bits.
#include <algorithm>
#include <vector>

#include "kernels/exponential.hpp"
#include "kernels/gate_arithmetic.hpp"

#define HWY_DISABLE_PCLMUL_AES  // x86-64-v3 does not name AES; nothing here needs it
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_arithmetic.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace switchyard {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vec = hn::Vec<Floats>;

constexpr std::size_t kTokens = 6;  // a tile of 6 tokens x 2 vectors: 12 accumulators of 16 registers
constexpr std::size_t kVectors = 2;

/// The experts' weights in panels of `width` experts, [panel][hidden][width], zeros past the last expert.
std::vector<float> pack(const GateInput& input, std::size_t width) {
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const std::size_t panels = (experts + width - 1) / width;
  std::vector<float> packed(panels * length * width, 0.0f);
  for (std::size_t e = 0; e < experts; ++e) {
    float* to = packed.data() + (e / width) * length * width + e % width;
    const float* from = input.weights.data() + e * length;
    for (std::size_t d = 0; d < length; ++d) to[d * width] = from[d];
  }
  return packed;
}

/// Scores of N tokens for one panel, into out [N, 2 vectors].
template <std::size_t N>
void tile(const float* hidden, std::size_t length, const float* panel, float* out, std::size_t stride) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sums[N][kVectors];
  for (std::size_t t = 0; t < N; ++t) sums[t][0] = sums[t][1] = hn::Zero(d);
  for (std::size_t i = 0; i < length; ++i, panel += kVectors * lanes) {
    const Vec low = hn::LoadU(d, panel);
    const Vec high = hn::LoadU(d, panel + lanes);
    for (std::size_t t = 0; t < N; ++t) {
      const Vec x = hn::Set(d, hidden[t * length + i]);
      sums[t][0] = hn::MulAdd(x, low, sums[t][0]);
      sums[t][1] = hn::MulAdd(x, high, sums[t][1]);
    }
  }
  for (std::size_t t = 0; t < N; ++t) {
    hn::StoreU(sums[t][0], d, out + t * stride);
    hn::StoreU(sums[t][1], d, out + t * stride + lanes);
  }
}

void tile_of(std::size_t tokens, const float* hidden, std::size_t length, const float* panel, float* out,
             std::size_t stride) {
  if (tokens == kTokens) return tile<kTokens>(hidden, length, panel, out, stride);
  for (std::size_t t = 0; t < tokens; ++t)
    tile<1>(hidden + t * length, length, panel, out + t * stride, stride);
}

void compute_logits(const GateInput& input, std::span<float> scores) {
  const std::size_t width = kVectors * hn::Lanes(Floats());
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto tokens = static_cast<std::size_t>(input.tokens);
  const std::vector<float> packed = pack(input, width);
  std::vector<float> edge(kTokens * width);
  for (std::size_t first = 0; first < experts; first += width) {
    const float* panel = packed.data() + first * length;
    const std::size_t filled = std::min(width, experts - first);
    for (std::size_t t = 0; t < tokens; t += kTokens) {
      const std::size_t rows = std::min(kTokens, tokens - t);
      float* out = scores.data() + t * experts + first;
      if (filled == width) {
        tile_of(rows, input.hidden.data() + t * length, length, panel, out, experts);
        continue;
      }
      tile_of(rows, input.hidden.data() + t * length, length, panel, edge.data(), width);
      for (std::size_t r = 0; r < rows; ++r) std::copy_n(edge.data() + r * width, filled, out + r * experts);
    }
  }
  if (input.logit_bias.empty()) return;
  for (std::size_t i = 0; i < tokens * experts; i += experts) {
    for (std::size_t e = 0; e < experts; ++e) scores[i + e] += input.logit_bias[e];
  }
}

/// exp_fp32, lane by lane.
Vec exp_lanes(Vec x) {
  using C = ExpConstants;
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  x = hn::Min(hn::Max(x, hn::Set(d, C::kLowest)), hn::Set(d, C::kHighest));
  const Vec round = hn::Set(d, C::kRound);
  const Vec n = hn::Sub(hn::MulAdd(x, hn::Set(d, C::kLog2E), round), round);
  Vec r = hn::NegMulAdd(n, hn::Set(d, C::kLn2High), x);
  r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), r);
  Vec sum = hn::Set(d, C::kTaylor[7]);
  for (int i = 6; i >= 0; --i) sum = hn::MulAdd(sum, r, hn::Set(d, C::kTaylor[i]));
  const auto power = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

/// out = function(in) over whole vectors; the tail goes through a padded one.
template <class Function>
void map(std::span<const float> in, std::span<float> out, Function function) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= in.size(); i += lanes)
    hn::StoreU(function(hn::LoadU(d, in.data() + i)), d, out.data() + i);
  if (i == in.size()) return;
  float padded[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy_n(in.data() + i, in.size() - i, padded);
  hn::StoreU(function(hn::LoadU(d, padded)), d, padded);
  std::copy_n(padded, in.size() - i, out.data() + i);
}

void compute_exponentials(std::span<const float> logits, float shift, std::span<float> out) {
  const Vec offset = hn::Set(Floats(), shift);
  map(logits, out, [offset](Vec x) HWY_ATTR { return exp_lanes(hn::Sub(x, offset)); });
}

void compute_sigmoids(std::span<const float> logits, std::span<float> out) {
  map(logits, out, [](Vec x) HWY_ATTR {
    const Vec one = hn::Set(Floats(), 1.0f);
    return hn::Div(one, hn::Add(one, exp_lanes(hn::Neg(x))));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace switchyard
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace switchyard {
namespace {

HWY_EXPORT(compute_logits);
HWY_EXPORT(compute_exponentials);
HWY_EXPORT(compute_sigmoids);

void logits(const GateInput& input, std::span<float> scores) {
  HWY_DYNAMIC_DISPATCH(compute_logits)(input, scores);
}
void exponentials(std::span<const float> logits, float shift, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(compute_exponentials)(logits, shift, out);
}
void sigmoids(std::span<const float> logits, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(compute_sigmoids)(logits, out);
}

}  // namespace

const GateArithmetic& vector_arithmetic() {
  static constexpr GateArithmetic kVector{logits, exponentials, sigmoids};
  return kVector;
}

}  // namespace switchyard
#endif  // HWY_ONCE
