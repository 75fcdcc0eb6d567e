// Every transfer a SimGrid flow: hosts for GPUs, links for links, routes as the graph has them.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "sim/collectives/collective.hpp"
#include "sim/engine/platform.hpp"

namespace simgrid::s4u {
class Comm;
}  // namespace simgrid::s4u

namespace switchyard {

/// The flows of one actor.
class FlowsInFlight {
 public:
  bool any() const { return left_ > 0; }
  /// One has ended: whether others are left. False where there were none.
  bool go_on_after_one() { return left_ > 0 && --left_ > 0; }
  void cancel();

 private:
  friend class Flows;
  std::size_t left_ = 0;
  std::vector<boost::intrusive_ptr<simgrid::s4u::Comm>> flows_;  // SimGrid needs them kept until they end
};

class Flows {
 public:
  /// Between the first `gpus` of the graph. Before the platform is sealed.
  Flows(const LinkGraph& graph, GpuId gpus, Platform& platform);

  /// Starts a flow for each transfer between two GPUs, all at once; `owner` is what the activities of SimGrid
  /// carry. Called by SimGrid itself or by the actor.
  void start(std::span<const Transfer> transfers, void* owner, FlowsInFlight& in_flight);

 private:
  std::vector<simgrid::s4u::Host*> gpus_;
};

}  // namespace switchyard
