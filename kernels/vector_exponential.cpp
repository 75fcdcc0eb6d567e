// exp_fp32 and the sigmoid with Google Highway, lane by lane the scalar sequence, but for steps that give the
// same bits in fewer operations: 2^n is multiplied in by adding n to the exponent (exp_fp32's clamps keep the
// result a normal number), and n is taken from the low bits of the sum that rounded it; the sigmoid changes
// signs where it costs nothing and multiplies by 2^n as it adds 1, which rounds once as well.
#include <algorithm>

#include "kernels/exponential.hpp"
#include "kernels/vector_primitives.hpp"

#define HWY_DISABLE_PCLMUL_AES
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_exponential.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace switchyard {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vec = hn::Vec<Floats>;

Vec taylor(Vec r) {
  using C = ExpConstants;
  const Floats d;
  Vec sum = hn::Set(d, C::kTaylor[7]);
  for (int i = 6; i >= 0; --i) sum = hn::MulAdd(sum, r, hn::Set(d, C::kTaylor[i]));
  return sum;
}

Vec exp_lanes(Vec x) {
  using C = ExpConstants;
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  x = hn::Min(hn::Max(x, hn::Set(d, C::kLowest)), hn::Set(d, C::kHighest));
  const Vec round = hn::Set(d, C::kRound);
  const Vec shifted = hn::MulAdd(x, hn::Set(d, C::kLog2E), round);
  const Vec n = hn::Sub(shifted, round);
  Vec r = hn::NegMulAdd(n, hn::Set(d, C::kLn2High), x);
  r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), r);
  return hn::BitCast(d, hn::Add(hn::BitCast(di, taylor(r)), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
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

void exponentials(std::span<const float> logits, float shift, std::span<float> out) {
  const Vec offset = hn::Set(Floats(), shift);
  map(logits, out, [offset](Vec x) HWY_ATTR { return exp_lanes(hn::Sub(x, offset)); });
}

/// 1 + e^-x. The number that rounds n also adds 127, an exponent's bias, so that 2^n is its low bits shifted.
Vec one_plus_exp_of_negative(Vec x) {
  using C = ExpConstants;
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  x = hn::Min(hn::Max(x, hn::Set(d, -C::kHighest)), hn::Set(d, -C::kLowest));
  const Vec round = hn::Set(d, C::kRound + 127.0f);
  const Vec shifted = hn::NegMulAdd(x, hn::Set(d, C::kLog2E), round);
  const Vec n = hn::Sub(shifted, round);
  Vec r = hn::NegMulSub(n, hn::Set(d, C::kLn2High), x);
  r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), r);
  const Vec power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted)));
  return hn::MulAdd(taylor(r), power, hn::Set(d, 1.0f));
}

Vec sigmoid_lanes(Vec x) { return hn::Div(hn::Set(Floats(), 1.0f), one_plus_exp_of_negative(x)); }

void sigmoids(std::span<const float> logits, std::span<float> out) {
  map(logits, out, [](Vec x) HWY_ATTR { return sigmoid_lanes(x); });
}

/// The division takes longest, so adding the bias beside it costs nothing.
void biased_sigmoids(std::span<const float> logits, std::span<const float> bias, std::span<float> scores,
                     std::span<float> choice) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = bias.size();
  if (width == 0 || width % lanes != 0) {
    sigmoids(logits, scores);
    for (std::size_t i = 0; i < scores.size(); ++i)
      choice[i] = width == 0 ? scores[i] : scores[i] + bias[i % width];
    return;
  }
  for (std::size_t row = 0; row < logits.size(); row += width) {
    for (std::size_t e = 0; e < width; e += lanes) {
      const Vec score = sigmoid_lanes(hn::LoadU(d, logits.data() + row + e));
      hn::StoreU(score, d, scores.data() + row + e);
      hn::StoreU(hn::Add(score, hn::LoadU(d, bias.data() + e)), d, choice.data() + row + e);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace switchyard
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace switchyard {
namespace {

HWY_EXPORT(exponentials);
HWY_EXPORT(sigmoids);
HWY_EXPORT(biased_sigmoids);

}  // namespace

void exponentials_widest(std::span<const float> logits, float shift, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(exponentials)(logits, shift, out);
}

void sigmoids_widest(std::span<const float> logits, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(sigmoids)(logits, out);
}

void biased_sigmoids_widest(std::span<const float> logits, std::span<const float> bias,
                            std::span<float> scores, std::span<float> choice) {
  HWY_DYNAMIC_DISPATCH(biased_sigmoids)(logits, bias, scores, choice);
}

void exponentials_avx2(std::span<const float> logits, float shift, std::span<float> out) {
  HWY_STATIC_DISPATCH(exponentials)(logits, shift, out);
}

void sigmoids_avx2(std::span<const float> logits, std::span<float> out) {
  HWY_STATIC_DISPATCH(sigmoids)(logits, out);
}

void biased_sigmoids_avx2(std::span<const float> logits, std::span<const float> bias, std::span<float> scores,
                          std::span<float> choice) {
  HWY_STATIC_DISPATCH(biased_sigmoids)(logits, bias, scores, choice);
}

}  // namespace switchyard
#endif  // HWY_ONCE
