// Gate by gate: the streams' hidden states of a layer, then its router.
#include "workloads/routing/gate_stack.hpp"

#include <algorithm>

#include "kernels/expert_router.hpp"
#include "kernels/gate_arithmetic.hpp"
#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"

namespace switchyard {

GateStack::GateStack(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed)
    : model_(architecture.name), width_(architecture.hidden_size), preset_(preset), seed_(seed) {
  for (const Layer& layer : architecture.layers) {
    if (!layer.moe) continue;
    routers_.push_back(&choose(expert_routers(), layer.moe->router, model_ + ": router"));
    moe_.push_back(*layer.moe);
  }
}

GateStack::GateStack(const Architecture& architecture, const RoutingPreset& preset, std::uint64_t seed,
                     std::vector<GeneratedGate> gates)
    : GateStack(architecture, preset, seed) {
  ensure(gates.empty() || gates.size() == moe_.size(), "a checkpoint has a gate for every MoE layer");
  gates_ = std::move(gates);
  if (!gates_.empty()) preset_.profiles.clear();
  if (preset.gate_bias_zipf == 0.0) return;
  for (GeneratedGate& gate : gates_) add_zipf_bias(preset.gate_bias_zipf, gate);
}

GateShape GateStack::shape(std::size_t layer) const {
  GateShape shape = moe_[layer].gate;
  shape.hidden_size = routed_dimension(shape.num_experts, width_, preset_);
  return shape;
}

void GateStack::route(TokenStreams& streams, std::size_t tokens, const Receive& receive) const {
  std::vector<float> hidden;
  std::vector<std::uint16_t> chosen;
  for (std::size_t layer = 0; layer < moe_.size(); ++layer) {
    const GeneratedGate gate = this->gate(layer);
    hidden.resize(tokens * static_cast<std::size_t>(gate.shape.hidden_size));
    chosen.resize(tokens * static_cast<std::size_t>(gate.shape.num_experts_per_tok));
    streams.next_layer(gate.shape.hidden_size, width_, hidden);
    routers_[layer]->route_by(fastest_arithmetic(preset_.arithmetic),
                              {gate.shape, static_cast<std::int64_t>(tokens), hidden, gate.weights,
                               gate.logit_bias, gate.selection_bias},
                              {chosen, {}});
    receive(layer, chosen);
  }
}

TokenStreams GateStack::streams(StreamPool pool) const {
  return {preset_, pool, widest(), static_cast<std::int64_t>(layers()), seed_};
}

TokenStreams GateStack::more_streams(StreamPool pool, StreamPool first_pool, std::uint64_t number) const {
  return {preset_, pool, widest(), static_cast<std::int64_t>(layers()), seed_, {first_pool, number}};
}

GeneratedGate GateStack::gate(std::size_t layer) const {
  if (!gates_.empty()) return gates_[layer];
  return generate_gate(moe_[layer].gate, width_, preset_, seed_, static_cast<std::int64_t>(layer),
                       static_cast<std::int64_t>(layers()));
}

std::int64_t GateStack::widest() const {
  std::int64_t widest = 0;
  for (std::size_t layer = 0; layer < moe_.size(); ++layer)
    widest = std::max(widest, shape(layer).hidden_size);
  return widest;
}

}  // namespace switchyard
