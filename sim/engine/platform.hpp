// The SimGrid side of an engine: the one instance of a process, its options, and a host of speed 1 for
// everything that can be busy, so that amounts of work are seconds and the solver's tolerances mean the same
// for every link.
#pragma once

#include <memory>
#include <string>

namespace simgrid::s4u {
class Engine;
class Host;
class NetZone;
}  // namespace simgrid::s4u

namespace switchyard {

class Platform {
 public:
  /// Throws LawBroken when the process already has an engine. Handlers of SIGINT and SIGSEGV stay as they
  /// were.
  Platform();
  ~Platform();

  simgrid::s4u::Host* add_host(const std::string& name);
  /// No hosts after this.
  void seal();
  void run();

 private:
  std::unique_ptr<simgrid::s4u::Engine> engine_;
  simgrid::s4u::NetZone* zone_ = nullptr;
};

}  // namespace switchyard
