// The engine spends simulated time. It alone knows SimGrid: the platform is generated from the link graph, each actor is
// one replica or one source of requests. One engine per process; fork before making it.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "sim/base/units.hpp"
#include "sim/collectives/collective.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

/// analytic: a step lasts its own time. step: one coflow a step, [a private clock host: the step's own time] + [each link:
/// its bytes over the step]; alone it lasts exactly its own time, contention only lengthens it.
enum class Fidelity { analytic, step };

class Actor;

/// Wakes a waiting actor. Rings are counted, never lost: a ring before the wait ends the next wait at once.
class Bell {
 public:
  Bell();
  ~Bell();
  Bell(Bell&&) noexcept;
  void ring();

 private:
  friend class Actor;
  struct State;
  std::unique_ptr<State> state_;
};

class Engine {
 public:
  /// `quiet_links`: nothing else. Keeps a reference to the graph.
  Engine(const LinkGraph& graph, Fidelity fidelity);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// The body runs in simulated time, starting at 0. Bells must outlive run().
  void add_actor(const std::string& name, std::function<void(Actor&)> body);
  /// Runs until every actor has returned. Rethrows the first exception that left an actor's body.
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
  /// Returns at `date`, at once if it has passed.
  void sleep_until(Seconds date);
  /// Returns at `date` or as soon as the bell rings; true when it rang (one ring is used up).
  bool wait_until(Seconds date, Bell& bell);
  /// Waits for a ring without end.
  void wait(Bell& bell);
  /// Spends one step: at `analytic` sleeps `alone`; at `step` runs the coflow of the loads with the clock. Returns the time
  /// it took: exactly `alone` when no link was contended.
  Seconds spend(Seconds alone, std::span<const LinkLoad> loads);

 private:
  friend class Engine;
  struct State;
  explicit Actor(State& state) : state_(&state) {}
  State* state_;
};

}  // namespace switchyard
