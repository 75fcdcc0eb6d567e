// Models that consist of gates alone, for tests of routing.
#pragma once

#include <cstdint>
#include <string>

#include "workloads/architecture.hpp"

namespace switchyard {

inline Architecture routed_model(std::int64_t layers, const GateShape& gate, std::int64_t width,
                                 const std::string& router) {
  Architecture model;
  model.name = "test";
  model.hidden_size = width;
  Layer layer;
  layer.moe = MoeFfn{};
  layer.moe->router = router;
  layer.moe->gate = gate;
  model.layers.assign(static_cast<std::size_t>(layers), layer);
  return model;
}

inline Architecture routed_model(std::int64_t layers, std::int64_t experts, std::int64_t top_k,
                                 std::int64_t width = 2048, const std::string& router = "softmax_topk") {
  GateShape gate;
  gate.num_experts = experts;
  gate.num_experts_per_tok = top_k;
  return routed_model(layers, gate, width, router);
}

}  // namespace switchyard
