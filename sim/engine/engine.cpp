// An engine's life: its actors begin at 0, and end by returning, by failing, or because another failed.
#include "sim/engine/engine.hpp"

#include <simgrid/Exception.hpp>
#include <simgrid/s4u.hpp>
#include <utility>

#include "sim/base/ensure.hpp"
#include "sim/engine/state.hpp"

namespace switchyard {

Engine::Engine(const LinkGraph& graph, Fidelity fidelity, std::optional<GpuId> gpus)
    : state_(std::make_unique<State>(graph, fidelity, gpus.value_or(graph.gpus()))) {}

Engine::~Engine() = default;

Engine::State::State(const LinkGraph& links, Fidelity wanted, GpuId gpus)
    : graph(links),
      fidelity(wanted),
      platform(wanted == Fidelity::flow ? Platform::Model::flows : Platform::Model::coflows),
      coflows(links.links().size()),
      busy(links.links().size()) {
  if (fidelity == Fidelity::analytic) return;
  Actor::State::wake_when_tasks_end();
  if (fidelity == Fidelity::flow) {
    flows.emplace(graph, gpus, platform);
    return;
  }
  for (LinkId link = 0; link < links.links().size(); ++link) {
    link_hosts.push_back(platform.add_host("link " + std::to_string(link)));
  }
}

void Engine::add_actor(const std::string& name, std::function<void(Actor&)> body) {
  const std::size_t index = state_->actors.size();
  state_->actors.push_back({.engine = *state_, .index = index, .name = name, .body = std::move(body)});
  state_->actors.back().host = state_->platform.add_host("actor " + std::to_string(index));
}

void Engine::run() {
  state_->platform.seal();
  state_->alive = state_->actors.size();
  for (Actor::State& actor : state_->actors) {
    const auto begun = simgrid::s4u::Actor::create(actor.name, actor.host, [&actor] { actor.main(); });
    actor.handle = begun.get();
  }
  state_->platform.run();
  if (state_->failure) std::rethrow_exception(state_->failure);
  ensure(state_->alive == 0, "simulated time goes on until every actor has returned");
}

std::uint64_t Engine::events() const { return state_->events; }

/// Nothing may leave this but SimGrid's own way of ending an actor. No simulated time is spent inside a
/// handler: the exceptions in flight belong to the thread, not to the actor.
void Actor::State::main() {
  std::exception_ptr error;
  try {
    Actor hands(*this);
    body(hands);
  } catch (const simgrid::ForcefulKillException&) {
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  --engine.alive;
  if (!error && engine.deadlocked()) error = engine.deadlock();
  if (error) engine.fail(error);
}

void Engine::State::fail(std::exception_ptr error) {
  if (failure) return;
  failure = std::move(error);
  for (Actor::State& actor : actors) {
    if (actor.task || actor.flows.any()) actor.abandon();
  }
  simgrid::s4u::Actor::kill_all();
}

std::exception_ptr Engine::State::deadlock() const {
  std::string names;
  for (const Actor::State& actor : actors) {
    if (actor.waits_without_end) names += (names.empty() ? "" : ", ") + actor.name;
  }
  return std::make_exception_ptr(LawBroken("every actor waits for a bell that nobody can ring: " + names));
}

}  // namespace switchyard
