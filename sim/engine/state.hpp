// What the engine's classes keep: shared by the .cpp files of this folder only.
#pragma once

#include <deque>
#include <exception>
#include <optional>
#include <vector>

#include "sim/engine/clock.hpp"
#include "sim/engine/coflows.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/flows.hpp"
#include "sim/engine/platform.hpp"

namespace simgrid::s4u {
class Actor;
class Exec;
}  // namespace simgrid::s4u

namespace switchyard {

struct Engine::State {
  State(const LinkGraph& links, Fidelity wanted, GpuId gpus);

  const LinkGraph& graph;
  Fidelity fidelity;
  Platform platform;
  Clock clock;
  Coflows coflows;
  std::vector<simgrid::s4u::Host*> link_hosts;  // by link; of coflows
  std::optional<Flows> flows;                   // at `flow`
  std::vector<Bytes> busy;                      // scratch, by link: zero between calls
  std::deque<Actor::State> actors;              // addresses stay
  std::size_t alive = 0;
  std::size_t waiting = 0;  // without end, for a bell
  std::uint64_t events = 0;
  std::exception_ptr failure;

  bool deadlocked() const { return alive > 0 && waiting == alive; }
  std::exception_ptr deadlock() const;
  /// Keeps the first failure. Called by an actor: the others are ended.
  void fail(std::exception_ptr error);
};

struct Actor::State {
  Engine::State& engine;
  std::size_t index = 0;
  std::string name;
  std::function<void(Actor&)> body;
  simgrid::s4u::Host* host = nullptr;  // busy while a contended step lasts
  simgrid::s4u::Actor* handle = nullptr;
  bool awake = true;
  bool waits_without_end = false;
  // The step in flight.
  bool replan = false;                 // contention has changed
  simgrid::s4u::Exec* task = nullptr;  // while it is contended
  double left_at_cancel = 0.0;
  std::vector<LinkShare> shares{};
  FlowsInFlight flows{};  // of a phase, at `flow`

  void main();
  /// Blocks until wake() or `date`.
  void pause(std::optional<Seconds> date);
  void wake();
  bool wait(std::optional<Seconds> date, Bell& bell);

  Seconds spend(Seconds alone, std::span<const LinkLoad> loads);
  Seconds move(const Phase& phase);
  /// Adds a link to the shares of the next step.
  void use(LinkId link, Bytes bytes, Seconds alone);
  Seconds run_coflow(Seconds alone);
  Seconds run_flows(const Phase& phase);
  /// Runs what is `left` of the step, 1 at first; returns what is left when it must be planned anew, else 0.
  double coast(Seconds alone, double left);
  double contend(Seconds alone, double left, const std::vector<LinkShare>& contended);
  void interrupt();
  /// Takes the task back, before this actor is ended by another: SimGrid must not finish it later.
  void abandon();
  /// Once a process, before any task.
  static void wake_when_tasks_end();
};

struct Bell::State {
  std::uint64_t rings = 0;
  Actor::State* waiter = nullptr;
};

}  // namespace switchyard
