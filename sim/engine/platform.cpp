// The SimGrid platform: one host a link, one clock host an actor.
#include "sim/engine/platform.hpp"

#include <xbt/log.h>

#include <csignal>
#include <memory>
#include <simgrid/s4u.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <xbt/config.hpp>

#include "sim/base/ensure.hpp"

namespace switchyard {
namespace {

#ifdef SWITCHYARD_SANITIZED
constexpr std::string_view kContexts = "--cfg=contexts/factory:thread";  // sanitizers lose hand-made stacks
#else
constexpr std::string_view kContexts = "--cfg=contexts/factory:raw";
#endif

/// SimGrid takes some signals for itself when it starts; this puts back what was there.
class KeptHandler {
 public:
  explicit KeptHandler(int signal) : signal_(signal) { sigaction(signal_, nullptr, &action_); }
  ~KeptHandler() { sigaction(signal_, &action_, nullptr); }
  KeptHandler(const KeptHandler&) = delete;
  KeptHandler& operator=(const KeptHandler&) = delete;

 private:
  int signal_;
  struct sigaction action_ {};
};

/// Options belong to the process and are refused once a platform has existed.
void set_once(const std::string& option, const std::string& value) {
  if (simgrid::config::is_default(option.c_str())) simgrid::s4u::Engine::set_config(option + ":" + value);
}

/// Stacks are chosen while the engine is made, so that option comes as an argument of its own.
std::unique_ptr<simgrid::s4u::Engine> new_engine() {
  std::string name = "switchyard", contexts(kContexts);
  char* arguments[] = {name.data(), contexts.data(), nullptr};
  int count = 2;
  return std::make_unique<simgrid::s4u::Engine>(&count, arguments);
}

void set_options(Platform::Model model) {
  static const Platform::Model first = model;
  ensure(first == model, "SimGrid simulates either flows or coflows in one process");
  set_once("surf/precision", "1e-12");  // seconds; the default merges events less than 10 us apart
  if (model == Platform::Model::coflows) {
    set_once("host/model", "ptask_L07");    // parallel tasks: one task loads many hosts at once
    set_once("maxmin/precision", "1e-12");  // of a capacity, which is 1
    return;
  }
  // A flow of S bytes alone takes S / B to 2e-16. The defaults are made for TCP: they multiply latencies by
  // 13, share by latency, bound rates by a window and let 5 % of every flow come back as acknowledgements.
  set_once("network/model", "CM02");
  set_once("network/optim", "Lazy");
  set_once("network/crosstraffic", "0");
  set_once("network/TCP-gamma", "0");
  set_once("network/latency-factor", "1.0");
  set_once("network/bandwidth-factor", "1.0");
  set_once("network/weight-S", "0.0");
  set_once("network/loopback-bw", "1e30");
  set_once("network/loopback-lat", "0");
}

}  // namespace

Platform::Platform(Model model) {
  ensure(!simgrid::s4u::Engine::has_instance(), "one engine at a time in a process");
  const KeptHandler interrupt(SIGINT);
  const KeptHandler fault(SIGSEGV);
  xbt_log_control_set("root.thres:error");
  engine_ = new_engine();
  set_options(model);
  // Links of coflows are hosts: they need no routes.
  zone_ = model == Model::coflows ? simgrid::s4u::create_empty_zone("cluster")
                                  : simgrid::s4u::create_full_zone("cluster");
}

Platform::~Platform() = default;

simgrid::s4u::Host* Platform::add_host(const std::string& name) {
  return zone_->create_host(name, 1.0)->seal();
}

simgrid::s4u::Link* Platform::add_link(const std::string& name, BytesPerSecond bandwidth) {
  return zone_->create_link(name, bandwidth.value())->set_latency(0.0)->seal();
}

void Platform::add_route(simgrid::s4u::Host* from, simgrid::s4u::Host* to,
                         const std::vector<simgrid::s4u::Link*>& links) {
  std::vector<simgrid::s4u::LinkInRoute> route(links.begin(), links.end());
  zone_->add_route(from->get_netpoint(), to->get_netpoint(), nullptr, nullptr, route, false);
}

void Platform::seal() { zone_->seal(); }

void Platform::run() { engine_->run(); }

}  // namespace switchyard
