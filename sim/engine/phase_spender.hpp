// Spending a step phase by phase, as StepTimer hands it out: each collective's bytes meet what else is on
// their links at that moment.
#pragma once

#include "sim/engine/engine.hpp"

namespace switchyard {

class PhaseSpender : public PhaseSink {
 public:
  /// The step begins at `start`, which has come. The actor must be the caller's own. What the phases put on
  /// each link is added to `loads`, one per link of the graph.
  PhaseSpender(Actor& actor, Seconds start, std::span<Bytes> loads)
      : actor_(actor), end_(start), sum_(loads) {}

  void add(const Phase& phase) override;
  bool reads_transfers() const override { return actor_.fidelity() == Fidelity::flow; }
  /// Of the phases so far; the clock may still be at the end of the last collective.
  Seconds end() const { return end_; }

 private:
  Actor& actor_;
  Seconds end_;
  StepLoads sum_;
};

}  // namespace switchyard
