// Where a run's energy went; the parts sum to it.
#pragma once

#include "sim/base/units.hpp"

namespace switchyard {

/// Of the GPUs alone: neither hosts, network cards, switches nor cooling.
struct EnergyUse {
  Joules idle;     // what all GPUs draw all the time
  Joules active;   // beyond it, while they run kernels
  Joules compute;  // beyond both, by the tensor cores
  Joules memory;   // and by reading and writing memory

  EnergyUse& operator+=(const EnergyUse& other) {
    idle += other.idle;
    active += other.active;
    compute += other.compute;
    memory += other.memory;
    return *this;
  }
  friend EnergyUse operator*(const EnergyUse& use, double factor) {
    return {use.idle * factor, use.active * factor, use.compute * factor, use.memory * factor};
  }
  Joules total() const { return idle + active + compute + memory; }
};

}  // namespace switchyard
