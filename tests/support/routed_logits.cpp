// Unit vectors times the transposed logits.
#include "tests/support/routed_logits.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace switchyard {

const ExpertRouter& router_named(const std::string& name) {
  const auto routers = expert_routers();
  const auto row =
      std::find_if(routers.begin(), routers.end(), [&](const ExpertRouter& r) { return r.name == name; });
  REQUIRE(row != routers.end());
  return *row;
}

std::vector<std::uint16_t> RoutedLogits::experts_of(std::size_t token) const {
  const auto first = experts.begin() + static_cast<std::ptrdiff_t>(token * columns);
  return {first, first + static_cast<std::ptrdiff_t>(columns)};
}

std::vector<float> RoutedLogits::weights_of(std::size_t token) const {
  const auto first = weights.begin() + static_cast<std::ptrdiff_t>(token * columns);
  return {first, first + static_cast<std::ptrdiff_t>(columns)};
}

RoutedLogits route_logits(const std::string& router, GateShape shape,
                          const std::vector<std::vector<float>>& logits,
                          const std::function<void(GateInput&)>& alter) {
  const std::size_t tokens = logits.size(), experts = logits.at(0).size();
  shape.num_experts = static_cast<std::int64_t>(experts);
  shape.hidden_size = static_cast<std::int64_t>(tokens);
  std::vector<float> hidden(tokens * tokens), weights(experts * tokens);
  for (std::size_t t = 0; t < tokens; ++t) {
    hidden[t * tokens + t] = 1.0f;
    for (std::size_t e = 0; e < experts; ++e) weights[e * tokens + t] = logits[t].at(e);
  }
  const ExpertRouter& row = router_named(router);
  RoutedLogits result;
  result.columns = static_cast<std::size_t>(row.columns(shape));
  result.experts.resize(tokens * result.columns);
  result.weights.resize(result.experts.size());
  GateInput input{shape, static_cast<std::int64_t>(tokens), hidden, weights, {}, {}};
  alter(input);
  row.route(input, {result.experts, result.weights});
  return result;
}

}  // namespace switchyard
