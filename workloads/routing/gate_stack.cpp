// Gate by gate: the streams' hidden states of a layer, then its router.
#include "workloads/routing/gate_stack.hpp"

#include <algorithm>

#include "kernels/expert_router.hpp"
#include "kernels/gate_arithmetic.hpp"
#include "kernels/on_threads.hpp"
#include "kernels/token_routing.hpp"
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

void GateStack::route(TokenStreams& streams, const Receive& receive, std::int64_t threads) const {
  // On one thread a layer is done, while it is in the cache, before the next begins. On several each kind of
  // work is a layer behind the one before it, so that all of a step can be done at once.
  const std::size_t lag = threads > 1 ? 1 : 0;
  std::vector<Passing> ring(1 + 3 * lag);
  const auto passing = [&](std::size_t layer) -> Passing& { return ring[layer % ring.size()]; };
  for (std::size_t step = 0; step < layers() + 3 * lag; ++step) {
    Work work;
    const std::size_t drawn = step, mixed = drawn - lag, routed = mixed - lag, received = routed - lag;
    if (drawn < layers()) add_draws(drawn, streams, passing(drawn + ring.size() - 1), passing(drawn), work);
    if (mixed < layers()) add_mixes(streams, passing(mixed), work);
    if (routed < layers())
      add_choices(routed, streams.tokens(), static_cast<std::size_t>(threads), passing(routed), work);
    if (received < layers()) work.push_back([&] { receive(received, passing(received).chosen); });
    on_threads(threads, static_cast<std::int64_t>(work.size()),
               [&](std::int64_t i) { work[static_cast<std::size_t>(i)](); });
  }
}

void GateStack::add_draws(std::size_t layer, TokenStreams& streams, const Passing& before, Passing& now,
                          Work& work) const {
  streams.begin(shape(layer).hidden_size, width_, now.states);
  for (std::size_t number = 0; number < TokenStreams::kDraws; ++number)
    work.push_back([&streams, &before, &now, number] { streams.draw(number, before.states, now.states); });
  work.push_back([this, layer, &now] { now.gate = gate(layer); });
}

void GateStack::add_mixes(const TokenStreams& streams, Passing& now, Work& work) const {
  for (std::size_t domain = 0; domain < streams.domains(); ++domain)
    work.push_back([&streams, domain, &now] { streams.mix(domain, now.states); });
}

/// Tokens are shared out where one does not depend on the others.
void GateStack::add_choices(std::size_t layer, std::size_t tokens, std::size_t shares, Passing& now,
                            Work& work) const {
  if (routers_[layer]->by != RoutesBy::scores) shares = 1;
  now.chosen.resize(tokens * static_cast<std::size_t>(moe_[layer].gate.num_experts_per_tok));
  const auto share = static_cast<std::size_t>(
      tokens_of_share(static_cast<std::int64_t>(tokens), static_cast<std::int64_t>(shares)));
  for (std::size_t first = 0; first < tokens; first += share)
    work.push_back([this, layer, first, count = std::min(share, tokens - first), &now] {
      choose_experts(layer, first, count, now);
    });
}

void GateStack::choose_experts(std::size_t layer, std::size_t first, std::size_t count, Passing& now) const {
  const GeneratedGate& gate = now.gate;
  const auto size = static_cast<std::size_t>(gate.shape.hidden_size);
  const auto k = static_cast<std::size_t>(gate.shape.num_experts_per_tok);
  GateInput input{gate.shape,
                  static_cast<std::int64_t>(count),
                  std::span<const float>(now.states.hidden).subspan(first * size, count * size),
                  gate.weights,
                  gate.logit_bias,
                  gate.selection_bias};
  input.first_token = first;
  routers_[layer]->route_by(fastest_arithmetic(preset_.arithmetic), input,
                            {std::span(now.chosen).subspan(first * k, count * k), {}});
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
