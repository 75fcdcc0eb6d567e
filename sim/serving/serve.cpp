// Puts clients and replicas on the engine and runs them.
#include "sim/serving/serve.hpp"

#include "sim/base/random.hpp"
#include "sim/serving/clients.hpp"
#include "sim/serving/replica.hpp"

namespace switchyard {

TokenRun place_in_bank(const RoutingBank& bank, std::uint64_t seed, std::uint64_t request) {
  Random random(seed, "routing", request);
  return bank.draw_place(random);
}

ServingResult serve(const ServingSpec& spec, const Traffic& traffic, const std::stop_token& stop,
                    const std::function<void(const ServingProgress&)>& progress) {
  ServingResult result;
  Engine engine(*spec.graph, spec.fidelity, spec.gpus);
  Clients clients(spec, traffic, result.log, stop);
  std::vector<std::unique_ptr<Replica>> replicas;
  std::vector<Replica*> connected;
  for (std::uint32_t i = 0; i < spec.timers.size(); ++i) {
    replicas.push_back(std::make_unique<Replica>(i, spec, clients, result.log, stop));
    connected.push_back(replicas.back().get());
  }
  clients.connect(connected);
  engine.add_actor("clients", [&](Actor& actor) { clients.run(actor); });
  for (Replica* replica : connected) {
    engine.add_actor("replica", [&, replica](Actor& actor) {
      replica->run(actor, [&] {
        if (progress) progress({clients.submitted(), clients.finished_count(), replica->now()});
      });
    });
  }
  engine.run();
  result.submitted = clients.submitted();
  result.interrupted = stop.stop_requested();
  result.events = engine.events();
  result.link_bytes.resize(spec.graph->links().size());
  for (const Replica* replica : connected) {
    result.routing += replica->routing();
    for (std::size_t link = 0; link < result.link_bytes.size(); ++link)
      result.link_bytes[link] += replica->link_bytes()[link];
  }
  ensure(result.log.requests() == result.submitted, "completed + rejected + unfinished = submitted");
  return result;
}

}  // namespace switchyard
