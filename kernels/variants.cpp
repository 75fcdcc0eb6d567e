// The table of variants, and which of them a machine's fastest is.
#include "kernels/variants.hpp"

#include "kernels/vector_primitives.hpp"

namespace switchyard {
namespace {

const GateArithmetic* reference() { return &scalar_arithmetic(); }

const GateArithmetic* avx2() {
  static const GateArithmetic kAvx2{pack_avx2,
                                    logits_avx2,
                                    exponentials_avx2,
                                    sigmoids_avx2,
                                    scalar_arithmetic().choose_top,
                                    scalar_arithmetic().sums_of_two_best,
                                    scalar_arithmetic().keep_best_groups};
  return &kAvx2;
}

const GateArithmetic* widest() {
  static const GateArithmetic kWidest{pack_widest,
                                      logits_widest,
                                      exponentials_widest,
                                      sigmoids_widest,
                                      scalar_arithmetic().choose_top,
                                      scalar_arithmetic().sums_of_two_best,
                                      scalar_arithmetic().keep_best_groups};
  return &kWidest;
}

const GateArithmetic* vector_selection() {
  static const GateArithmetic kSelection{
      pack_widest,       logits_widest,           exponentials_widest,    sigmoids_widest,
      choose_top_avx512, sums_of_two_best_avx512, keep_best_groups_avx512};
  return has_avx512_selection() ? &kSelection : nullptr;
}

constexpr GateVariant kVariants[] = {
    {0, "reference", "One score after the other, one multiply-add after the other: the definition",
     reference},
    {2, "avx2", "Lanes are experts: 16 scores of 6 tokens grow in registers, each by its own chain", avx2},
    {3, "widest", "Vectors twice as wide, and twice as many registers: 32 scores of 12 tokens", widest},
    {5, "selection", "The best are compared in lanes too, after a bound has dismissed all but about 11",
     vector_selection},
};

}  // namespace

const GateArithmetic& vector_arithmetic() {
  static const GateArithmetic& fastest = vector_selection() != nullptr ? *vector_selection() : *widest();
  return fastest;
}

std::span<const GateVariant> gate_variants() { return kVariants; }

}  // namespace switchyard
