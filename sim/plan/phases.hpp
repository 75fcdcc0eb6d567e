// A step as the links see it: stretches of work that use no link, each ended by a collective. StepTimer hands
// them out in the order in which they run; who spends them decides how finely transfers meet.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/collectives/collective.hpp"

namespace switchyard {

/// What one group of a collective puts on links, for each of `bytes` bytes of its message, and the transfers
/// that this comes from. Uneven exchanges give both whole, for one byte.
struct PhaseLoad {
  std::span<const LinkLoad> loads;
  Bytes bytes;
  std::span<const Transfer> transfers{};
};

/// Lasts compute + max(hidden, latency + transfer) where no link is contended. Contention stretches the
/// transfer alone: work and latency are time, never bytes.
struct Phase {
  Seconds compute;                   // the slowest rank's work, before the collective
  Seconds latency;                   // of the collective
  Seconds transfer;                  // of its bytes where no other step uses its links
  Seconds hidden;                    // further work that runs during the collective, from its beginning on
  std::span<const PhaseLoad> loads;  // of groups that work at the same time
  std::int64_t repeats = 1;          // so often in a row

  Seconds alone() const { return compute + std::max(hidden, latency + transfer); }
};

class PhaseSink {
 public:
  virtual ~PhaseSink() = default;
  /// What the phase points to is valid during the call.
  virtual void add(const Phase& phase) = 0;
  /// Whether the transfers are read; else those of uneven exchanges are left out.
  virtual bool reads_transfers() const { return false; }
};

/// The step as one: what all its phases put on each link.
class StepLoads : public PhaseSink {
 public:
  /// Adds to `loads`, one per link of the graph.
  explicit StepLoads(std::span<Bytes> loads) : loads_(loads) {}
  void add(const Phase& phase) override {
    for (const PhaseLoad& part : phase.loads)
      for (const LinkLoad& load : part.loads)
        loads_[load.link] += load.bytes * (part.bytes.value() * static_cast<double>(phase.repeats));
  }

 private:
  std::span<Bytes> loads_;
};

/// Gathers work until a collective follows.
class PhaseWriter {
 public:
  /// Null: nobody listens.
  explicit PhaseWriter(PhaseSink* sink) : sink_(sink) {}
  bool heard() const { return sink_ != nullptr; }
  bool reads_transfers() const { return heard() && sink_->reads_transfers(); }

  void compute(Seconds time) { compute_ += time; }
  /// `phase` comes after the work so far, which is added to its own.
  void collective(Phase phase) {
    if (sink_ == nullptr) return;
    if (phase.repeats > 1) finish();
    phase.compute += compute_;
    compute_ = Seconds(0.0);
    sink_->add(phase);
  }
  void collective(const Collective& how, Bytes message, Seconds hidden = {}) {
    const CollectiveCost& cost = how.at(message);
    const PhaseLoad load{cost.loads_per_byte, message, cost.transfers_per_byte};
    collective({Seconds(0.0), cost.latency, Seconds(cost.seconds_per_byte * message.value()), hidden,
                std::span(&load, 1)});
  }
  /// The work after the last collective.
  void finish() {
    if (sink_ != nullptr && compute_ > Seconds(0.0)) collective(Phase{});
  }

 private:
  PhaseSink* sink_;
  Seconds compute_;
};

}  // namespace switchyard
