// Models that consist of gates alone, for tests of routing.
#pragma once

#include <cstdint>
#include <string>

#include "workloads/architecture.hpp"

namespace switchyard {

inline Architecture routed_model(std::int64_t layers, std::int64_t experts, std::int64_t top_k,
                                 std::int64_t width = 2048, const std::string& router = "softmax_topk") {
  Architecture model;
  model.name = "test";
  model.hidden_size = width;
  Layer layer;
  layer.moe = MoeFfn{};
  layer.moe->router = router;
  layer.moe->gate.num_experts = experts;
  layer.moe->gate.num_experts_per_tok = top_k;
  model.layers.assign(static_cast<std::size_t>(layers), layer);
  return model;
}

}  // namespace switchyard
