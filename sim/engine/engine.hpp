// The engine spends simulated time. It alone knows SimGrid: the platform is generated from the link graph,
// each actor is one replica or one source of requests. One engine per process; fork before making it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "sim/base/units.hpp"
#include "sim/collectives/collective.hpp"
#include "sim/plan/phases.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

/// analytic: a step lasts its own time. step: one coflow a step, [a private clock host: the step's own time]
/// + [each link: its bytes over the step]; alone it lasts exactly its own time, contention only lengthens it.
/// Links are shared max-min fairly; only links that the steps in flight oversubscribe together are given to
/// SimGrid: the others cannot bind. collective: a step is spent phase by phase, its work and latencies as
/// time, the bytes of each collective as a coflow. flow: each transfer of a collective is a SimGrid flow of
/// its own on the links of its route (model CM02, max-min fair shares): the reference for small groups.
///
/// Differences from flow, measured for all-to-alls of 8 to 64 GPUs (results/03-network/fidelity.md): alone
/// all agree within 0.1 % without oversubscription, 0.13 % with 2:1. Two replicas on the same GPUs:
/// collective -4.9 to +2.9 %, step -29 to -2 %. With single transfers beside them: collective up to +33 %, as
/// one transfer gets the share of a whole collective; step -17 to +19 %.
enum class Fidelity { analytic, step, collective, flow };

class Actor;

/// Wakes a waiting actor. Rings are counted, never lost: a ring before the wait ends the next wait at once.
class Bell {
 public:
  Bell();
  ~Bell();
  void ring();

 private:
  friend class Actor;
  struct State;
  std::unique_ptr<State> state_;
};

class Engine {
 public:
  /// Keeps a reference to the graph. A second engine at the same time breaks a law; one after another is
  /// fine, but SimGrid takes its models once a process: engines of `flow` and others do not mix. Routes are
  /// made for flows between the first `gpus`; none: all.
  Engine(const LinkGraph& graph, Fidelity fidelity, std::optional<GpuId> gpus = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// The body runs in simulated time, starting at 0. Bells must outlive run(). A body may not swallow every
  /// exception: the engine ends actors by one, when another has failed.
  void add_actor(const std::string& name, std::function<void(Actor&)> body);
  /// Runs until every actor has returned, once. Rethrows the first exception that left an actor's body, after
  /// ending the others; throws LawBroken naming the actors when all that are left wait for bells that nobody
  /// can ring.
  void run();
  /// Number of simulation events (waits and coflows) so far.
  std::uint64_t events() const;

 private:
  friend class Actor;
  struct State;
  std::unique_ptr<State> state_;
};

/// An actor's hands on simulated time; valid inside its body only.
class Actor {
 public:
  Seconds now() const;
  /// Returns at `date`, at once if it has passed; now() is then `date` within one ulp of the clock, never
  /// before it.
  void sleep_until(Seconds date);
  /// Returns at `date` or as soon as the bell rings; true when it rang (one ring is used up). One actor a
  /// bell.
  bool wait_until(Seconds date, Bell& bell);
  /// Waits for a ring without end.
  void wait(Bell& bell);
  /// Spends one step: at `analytic` sleeps `alone`; at `step` runs the coflow of the loads with the clock.
  /// Returns the time it took: exactly `alone` when no link was contended. Each link appears once; none takes
  /// longer than `alone`.
  Seconds spend(Seconds alone, std::span<const LinkLoad> loads);
  /// Moves the bytes of a phase, its work and latency left out, and returns the time it took: exactly
  /// `phase.transfer` where no link was contended, never less. At `step` and `collective` as a coflow, at
  /// `flow` transfer by transfer.
  Seconds move(const Phase& phase);
  Fidelity fidelity() const;

 private:
  friend class Engine;
  friend class Bell;
  struct State;
  explicit Actor(State& state) : state_(&state) {}
  State* state_;
};

}  // namespace switchyard
