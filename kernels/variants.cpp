// The table of variants, and which of them a machine's fastest is.
#include "kernels/variants.hpp"

#include "kernels/bf16_primitives.hpp"
#include "kernels/vector_primitives.hpp"

namespace switchyard {
namespace {

const GateArithmetic* reference() { return &scalar_arithmetic(); }

/// One variant with some parts exchanged.
template <class Change>
GateArithmetic changed(const GateArithmetic& from, Change change) {
  GateArithmetic arithmetic = from;
  change(arithmetic);
  return arithmetic;
}

const GateArithmetic* sse4() {
  static const GateArithmetic arithmetic = changed(scalar_arithmetic(), [](GateArithmetic& a) {
    a.pack = pack_sse4;
    a.logits = logits_sse4;
  });
  return &arithmetic;
}

const GateArithmetic* avx2() {
  static const GateArithmetic arithmetic = changed(scalar_arithmetic(), [](GateArithmetic& a) {
    a.pack = pack_avx2;
    a.logits = logits_avx2;
    a.exponentials = exponentials_avx2;
    a.sigmoids = sigmoids_avx2;
    a.biased_sigmoids = biased_sigmoids_avx2;
  });
  return &arithmetic;
}

const GateArithmetic* widest() {
  static const GateArithmetic arithmetic = changed(scalar_arithmetic(), [](GateArithmetic& a) {
    a.pack = pack_widest;
    a.logits = logits_widest;
    a.exponentials = exponentials_widest;
    a.sigmoids = sigmoids_widest;
    a.biased_sigmoids = biased_sigmoids_widest;
  });
  return &arithmetic;
}

const GateArithmetic* fused() {
  static const GateArithmetic arithmetic =
      changed(*widest(), [](GateArithmetic& a) { a.choosing = Choosing::by_chunk; });
  return &arithmetic;
}

const GateArithmetic* selection() {
  static const GateArithmetic arithmetic = changed(*fused(), [](GateArithmetic& a) {
    a.choose_top = choose_top_avx512;
    a.sums_of_two_best = sums_of_two_best_avx512;
    a.keep_best_groups = keep_best_groups_avx512;
  });
  return has_avx512_selection() ? &arithmetic : nullptr;
}

const GateArithmetic* fastest_fp32() { return selection() != nullptr ? selection() : fused(); }

/// The rest of the arithmetic, beside a product of bf16 operands, is that of fp32.
const GateArithmetic* bf16() {
  static const GateArithmetic arithmetic = changed(*fastest_fp32(), [](GateArithmetic& a) {
    a.pack = pack_bf16;
    a.logits = logits_bf16;
  });
  return &arithmetic;
}

const GateArithmetic* amx() {
  static const GateArithmetic arithmetic = changed(*bf16(), [](GateArithmetic& a) { a.logits = logits_amx; });
  return has_amx() ? &arithmetic : nullptr;
}

constexpr GateVariant kVariants[] = {
    {0, "reference", "One score after the other, one multiply-add after the other: the definition",
     reference},
    {1, "sse4",
     "Lanes are experts: 8 scores of 4 tokens grow in registers; products are rounded before they are added",
     sse4, 1e-6},
    {2, "avx2", "16 scores of 6 tokens, and fused multiply-adds: the bits of the definition", avx2},
    {3, "widest", "Vectors twice as wide, and twice as many registers: 32 scores of 12 tokens", widest},
    {4, "fused", "Experts are chosen while their scores are still in the cache", fused},
    {5, "selection",
     "The best are compared in lanes too, after a bound has dismissed all but about 11 experts", selection},
    {6, "threads", "Two threads share the tokens", fastest_fp32, 0.0, 2},
    {7, "bf16",
     "Operands rounded to bf16, multiplied in the order of the matrix unit that most machines lack", bf16,
     kBf16ScoreError, 1, ScoreFormat::bf16},
    {8, "amx", "That matrix unit: 32 tokens by 32 experts, 16,384 multiply-adds an instruction", amx,
     kBf16ScoreError, 1, ScoreFormat::bf16},
};

}  // namespace

const GateArithmetic& vector_arithmetic() { return *fastest_fp32(); }

const GateArithmetic& bf16_arithmetic() { return amx() != nullptr ? *amx() : *bf16(); }

std::span<const GateVariant> gate_variants() { return kVariants; }

}  // namespace switchyard
