// The bytes of one phase: a coflow, or flow by flow.
#include <algorithm>
#include <simgrid/s4u.hpp>
#include <simgrid/simix.hpp>

#include "sim/engine/state.hpp"

namespace switchyard {
namespace {

// Below it a flow's end differs from the bound by rounding alone.
constexpr double kRounding = 1.0 + 1e-9;

}  // namespace

Seconds Actor::State::move(const Phase& phase) {
  if (engine.fidelity == Fidelity::flow) return run_flows(phase);
  shares.clear();
  if (phase.loads.size() == 1) {
    for (const LinkLoad& load : phase.loads[0].loads)
      use(load.link, load.bytes * phase.loads[0].bytes.value(), phase.transfer);
  } else {
    for (const PhaseLoad& part : phase.loads)
      for (const LinkLoad& load : part.loads) engine.busy[load.link] += load.bytes * part.bytes.value();
    for (const PhaseLoad& part : phase.loads)
      for (const LinkLoad& load : part.loads)
        use(load.link, std::exchange(engine.busy[load.link], Bytes(0.0)), phase.transfer);
  }
  // What other groups move while the slowest one still works is not in its transfer.
  for (LinkShare& share : shares) share.share = std::min(share.share, 1.0);
  return run_coflow(phase.transfer);
}

Seconds Actor::State::run_flows(const Phase& phase) {
  const Seconds begin = engine.clock.now();
  std::vector<Transfer> transfers;
  // What a switch adds up has no pairs: it takes its own time.
  for (const PhaseLoad& part : phase.loads)
    for (const Transfer& t : part.transfers)
      transfers.push_back({t.from, t.to, t.bytes * part.bytes.value()});
  engine.events += transfers.size();
  simgrid::kernel::actor::simcall_answered([&] { engine.flows->start(transfers, this, flows); });
  if (flows.any()) pause(std::nullopt);
  const Seconds took = engine.clock.now() - begin;
  if (took > phase.transfer * kRounding) return took;
  pause(begin + phase.transfer);  // its kernel is slower than the links
  return phase.transfer;
}

}  // namespace switchyard
