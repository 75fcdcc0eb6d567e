// How many of a batch's assignments an expert takes when its buffers have a fixed size.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace switchyard {

/// ceil(capacity_factor x assignments / num_experts), assignments being tokens x top_k: Switch Transformers
/// (arXiv:2101.03961, equation 3) and GShard (arXiv:2006.16668, 2N / E of N tokens at a factor of 1), rounded
/// up as Megatron-Core and DeepSpeed do; at most all of them. The product is taken a hair low, so that 1.1 x
/// 10 is 11.
inline std::int64_t expert_capacity(double capacity_factor, std::int64_t assignments,
                                    std::int64_t num_experts) {
  const double even = static_cast<double>(assignments) / static_cast<double>(num_experts);
  const double places = std::ceil(capacity_factor * even * (1.0 - 1e-12));
  return static_cast<std::int64_t>(std::min(places, static_cast<double>(assignments)));
}

}  // namespace switchyard
