// A gate as one would write it without thinking of speed: a library's product, std::exp, std::partial_sort.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/expert_router.hpp"
#include "kernels/one_dnn.hpp"

namespace switchyard {

class ObviousGate {
 public:
  /// What input refers to must live as long.
  ObviousGate(ScoreFormat format, const GateInput& input);
  /// Experts and weights of all tokens, as the routers of these names give them but for roundings.
  enum class Rule { softmax_topk_renorm, noaux_tc };
  void route(Rule rule, const GateOutput& output);

 private:
  GateInput input_;
  OneDnnProduct product_;
  std::vector<float> scores_;
};

}  // namespace switchyard
