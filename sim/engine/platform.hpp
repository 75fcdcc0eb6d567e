// The SimGrid side of an engine: the one instance of a process, its options, and a host of speed 1 for
// everything that can be busy, so that amounts of work are seconds and the solver's tolerances mean the same
// for every link.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/base/units.hpp"

namespace simgrid::s4u {
class Engine;
class Host;
class Link;
class NetZone;
}  // namespace simgrid::s4u

namespace switchyard {

class Platform {
 public:
  /// coflows: parallel tasks on hosts (L07) · flows: transfers on links (CM02). Chosen once a process.
  enum class Model { coflows, flows };
  /// Throws LawBroken when the process already has an engine, or has had one of the other model. Handlers of
  /// SIGINT and SIGSEGV stay as they were.
  explicit Platform(Model model);
  ~Platform();

  simgrid::s4u::Host* add_host(const std::string& name);
  /// Without latency, shared max-min fairly. Of flows only, as routes.
  simgrid::s4u::Link* add_link(const std::string& name, BytesPerSecond bandwidth);
  void add_route(simgrid::s4u::Host* from, simgrid::s4u::Host* to,
                 const std::vector<simgrid::s4u::Link*>& links);
  /// No hosts after this.
  void seal();
  void run();

 private:
  std::unique_ptr<simgrid::s4u::Engine> engine_;
  simgrid::s4u::NetZone* zone_ = nullptr;
};

}  // namespace switchyard
