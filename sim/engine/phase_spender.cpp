// Work and latency pass as time; only bytes can be slowed down.
#include "sim/engine/phase_spender.hpp"

namespace switchyard {

void PhaseSpender::add(const Phase& phase) {
  sum_.add(phase);
  for (std::int64_t i = 0; i < phase.repeats; ++i) {
    end_ += phase.compute;
    Seconds transfer = phase.transfer;
    if (!phase.loads.empty()) {
      actor_.sleep_until(end_ + phase.latency);
      transfer = actor_.move(phase);
    }
    end_ += std::max(phase.hidden, phase.latency + transfer);
  }
}

}  // namespace switchyard
