// Expert routers on logits that a test writes down: the vectors of tokens are unit vectors, so that the
// logits come out exactly.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/expert_router.hpp"

namespace switchyard {

/// The row of the menu; fails the test where there is none.
const ExpertRouter& router_named(const std::string& name);

struct RoutedLogits {
  std::size_t columns = 0;
  std::vector<std::uint16_t> experts;  // [tokens, columns]
  std::vector<float> weights;

  std::vector<std::uint16_t> experts_of(std::size_t token) const;
  std::vector<float> weights_of(std::size_t token) const;
};

/// Routes one token a row of logits by the fastest variant; `alter` sets what else the input has.
RoutedLogits route_logits(
    const std::string& router, GateShape shape, const std::vector<std::vector<float>>& logits,
    const std::function<void(GateInput&)>& alter = [](GateInput&) {});

}  // namespace switchyard
