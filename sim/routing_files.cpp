// What `switchyard routing --out` leaves.
#include "sim/base/files.hpp"
#include "sim/report/page.hpp"
#include "sim/routing_answer.hpp"

namespace switchyard {
namespace {

/// The bank's load: of all tokens, and of each domain when there are several.
ExpertLoadMap expert_load(const Scenario& scenario, const RoutingBank& bank, const RoutingAnswer& answer) {
  ExpertLoadMap map;
  map.text = "All " + std::to_string(answer.tokens) + " tokens of the routing bank, or those of one domain.";
  map.layers = moe_layer_indices(scenario.model);
  map.views.push_back({"all tokens", relative_to_mean(assignments_in_bank(bank))});
  const std::int64_t domains = domains_in_use(bank);
  for (std::int64_t domain = 0; domains > 1 && domain < domains; ++domain)
    map.views.push_back({bank.domain_name(domain), relative_to_mean(assignments_in_domain(bank, domain))});
  return map;
}

}  // namespace

void write_routing(const std::string& folder, const Scenario& scenario, const RoutingBank* bank,
                   const RoutingAnswer& answer) {
  RoutingPage page;
  page.title = routing_title(answer, scenario);
  page.facts = routing_facts(answer, scenario);
  page.notes = routing_notes(answer, scenario);
  page.routing = to_json(answer, scenario);
  if (!answer.layers.empty()) page.expert_load = expert_load(scenario, *bank, answer);
  write_file_atomically(folder + "/routing.json", pretty(page.routing));
  write_file_atomically(folder + "/scenario.json", pretty(scenario.json));
  write_file_atomically(folder + "/report.html", routing_page(page));
}

}  // namespace switchyard
