// Products of one core by oneDNN, which the gates' kernels are compared with.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kernels/gate_shape.hpp"

namespace switchyard {

/// left [m, k] · right [n, k]ᵀ -> [m, n]. Operands of bf16 are rounded and reordered by oneDNN: the right one
/// once, the left one in every product.
class OneDnnProduct {
 public:
  OneDnnProduct(ScoreFormat format, std::int64_t m, std::int64_t n, std::int64_t k,
                std::span<const float> right);
  ~OneDnnProduct();
  void operator()(std::span<const float> left, std::span<float> result);
  /// The product alone, of operands that have been rounded and reordered.
  void repeat();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace switchyard
