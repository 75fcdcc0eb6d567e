// Spending a step: it coasts on an alarm while none of its links is contended, and is a parallel task of its
// clock and its contended links while one is. It changes from one to the other when a neighbour's step
// begins.
#include <algorithm>
#include <simgrid/s4u.hpp>
#include <simgrid/simix.hpp>

#include <simgrid/version.h>  // leans on the ones before

#include "sim/base/ensure.hpp"
#include "sim/engine/state.hpp"

namespace switchyard {
namespace {

// A neighbour that ends at the date at which this step begins contends for no time.
constexpr double kRounding = 1.0 + 1e-9;

}  // namespace

Seconds Actor::State::spend(Seconds alone, std::span<const LinkLoad> loads) {
  shares.clear();
  for (const LinkLoad& load : loads) use(load.link, load.bytes, alone);
  return run_coflow(alone);
}

void Actor::State::use(LinkId link, Bytes bytes, Seconds alone) {
  const Seconds time = bytes / engine.graph.links()[link].bandwidth;
  if (engine.fidelity != Fidelity::analytic && time > Seconds(0.0)) shares.push_back({link, time / alone});
}

Seconds Actor::State::run_coflow(Seconds alone) {
  ++engine.events;
  const Seconds begin = engine.clock.now();
  if (alone <= Seconds(0.0)) {
    ensure(alone == Seconds(0.0) && shares.empty(), "a step that moves bytes lasts");
    return alone;
  }

  const std::vector<std::size_t> neighbours = engine.coflows.enter(index, shares);
  struct InFlight {
    State& step;
    ~InFlight() {
      step.engine.coflows.leave(step.index);
      step.replan = false;
    }
  } in_flight{*this};
  for (std::size_t other : neighbours) engine.actors[other].replan = true;
  for (std::size_t other : neighbours) engine.actors[other].interrupt();

  bool disturbed = false;
  for (double left = 1.0; left > 0.0;) {
    replan = false;
    const std::vector<LinkShare> contended = engine.coflows.contended(index);
    if (contended.empty()) {
      left = coast(alone, left);
    } else {
      disturbed = true;
      left = contend(alone, left, contended);
    }
  }
  const Seconds took = engine.clock.now() - begin;
  return disturbed && took > alone * kRounding ? took : alone;
}

double Actor::State::coast(Seconds alone, double left) {
  const Seconds end = engine.clock.now() + left * alone;
  pause(end);
  return replan ? std::max(0.0, (end - engine.clock.now()) / alone) : 0.0;
}

double Actor::State::contend(Seconds alone, double left, const std::vector<LinkShare>& contended) {
  std::vector<simgrid::s4u::Host*> hosts{host};
  std::vector<double> amounts{alone.value() * left};
  for (const LinkShare& use : contended) {
    hosts.push_back(engine.link_hosts[use.link]);
    amounts.push_back(use.share * alone.value() * left);
  }
  simgrid::s4u::ExecPtr running;
  // Begun by SimGrid itself: an actor that suspends itself takes the tasks with it that it has begun.
  simgrid::kernel::actor::simcall_answered([&] {
    running = simgrid::s4u::this_actor::exec_init(hosts, amounts, {});
    running->set_data(this);
    running->start();
    task = running.get();
  });
  left_at_cancel = 0.0;
  if (replan) interrupt();  // while it started
  if (task) pause(std::nullopt);
  return left * left_at_cancel;
}

/// SimGrid's own wait would throw when the task is cancelled, and its exceptions cost 50 us each.
void Actor::State::wake_when_tasks_end() {
  static const bool registered = [] {
    const auto wake = [](const auto& activity) {
      auto* step = activity.template get_data<State>();
      if (!step || step->flows.go_on_after_one()) return;
      step->task = nullptr;
      step->wake();
    };
#if SIMGRID_VERSION >= 33400
    simgrid::s4u::Exec::on_completion_cb(wake);
    simgrid::s4u::Comm::on_completion_cb(wake);
#else
    simgrid::s4u::Activity::on_completion_cb(wake);
#endif
    return true;
  }();
  static_cast<void>(registered);
}

/// Called by the neighbour that has just met contention. Others may run before SimGrid
/// comes to it, so the step may be planned or over by then.
void Actor::State::interrupt() {
  simgrid::kernel::actor::simcall_answered([this] {
    if (!replan) return;
    if (!task) {
      wake();
    } else if (left_at_cancel == 0.0) {
      left_at_cancel = task->get_remaining_ratio();
      const simgrid::s4u::ExecPtr running = task;
      if (left_at_cancel > 0.0) running->cancel();
    }
  });
}

void Actor::State::abandon() {
  simgrid::kernel::actor::simcall_answered([this] {
    if (const simgrid::s4u::ExecPtr running = task) running->cancel();
    flows.cancel();
  });
}

}  // namespace switchyard
