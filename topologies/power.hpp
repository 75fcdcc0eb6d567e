// What a GPU draws: P = TDP x min(1, idle + active + compute x f + memory x b), where f and b are the shares
// of the datasheet's FLOP/s and of the memory's bandwidth that are in use; `idle` alone while nothing runs.
// The four shares are few, so that they can be measured (topologies/profiler/measure_power.py), fitted
// (topologies/fit/power.py) and carried over from GPU to GPU by the TDP. On whole layers left out of the fit
// they are off by 2.9 % on an H100 and 3.9 % on an H200 (means of magnitudes; at worst by 12 %, too high,
// where one sequence decodes). Limits: what links and the L2 draw has no term of its own; a GPU at its TDP
// lowers its clocks (to 1300 to 1500 of 1980 MHz in large products), and the times of operators do not know
// it: such steps take longer and more energy than is said here; temperature plays no part.
#pragma once

#include <optional>
#include <string>

#include "sim/base/energy_use.hpp"
#include "sim/base/json.hpp"
#include "sim/base/units.hpp"

namespace switchyard {

/// Shares of the TDP.
struct GpuPower {
  std::string source;
  std::string measured_on;  // a catalogue GPU: another's shares are scaled from it; empty: stated
  double idle = 0.0;        // with a model in memory, no kernel running
  double active = 0.0;      // more while kernels run, whatever they do
  double compute = 0.0;     // more at the peak rate of a format
  double memory = 0.0;      // more at the memory's bandwidth
  bool operator==(const GpuPower&) const = default;
};

/// What an hour of one GPU costs, as somebody offers it.
struct GpuPrice {
  DollarsPerHour per_hour;
  std::string source;  // who and on what terms
  std::string date;    // when it was read, YYYY-MM-DD; may be empty
  bool operator==(const GpuPrice&) const = default;
};

/// The members "power" {"idle", "active", "compute", "memory", "source", "measured_on"} and "price"
/// {"usd_per_hour", "source", "date"} of a GPU's JSON. Without "power": the shares measured on an H100 by
/// TDP. Without "price": none. Throw InputError.
GpuPower read_power(ObjectReader& gpu);
std::optional<GpuPrice> read_price(ObjectReader& gpu);
Json to_json(const GpuPower& power);
Json to_json(const GpuPrice& price);

/// A text YYYY-MM-DD, or empty where there is none. Throws InputError.
std::string read_date(ObjectReader& reader);

/// Work of one or more GPUs, summed over them.
struct Activity {
  Seconds time;     // there
  Seconds busy;     // running kernels; at most `time`
  Seconds compute;  // that the tensor cores would take at their peak rate
  Seconds memory;   // that the memory would take at its bandwidth
};
/// Never above the TDP: what would be is taken off the parts beyond idle, in proportion.
EnergyUse energy_use(const GpuPower& power, Watts tdp, const Activity& activity);

}  // namespace switchyard
