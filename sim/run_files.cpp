// Each file at once, by write_file_atomically.
#include "sim/run_files.hpp"

#include "sim/base/files.hpp"
#include "sim/expert_assignments.hpp"
#include "sim/network_map.hpp"
#include "sim/report/page.hpp"
#include "sim/report/tables.hpp"
#include "sim/summarise.hpp"

namespace switchyard {

namespace {

std::string caption(const Scenario& scenario) {
  std::string text = "Every token of the measured requests";
  if (scenario.model.drops_tokens()) text += ", before drops beyond capacity";
  if (scenario.routing.mode == "exact")
    return text + ": those of the routing bank stand for the ones that the mode exact drew.";
  return text + ", as dispatched (" + routing_in_words(scenario) + ").";
}

/// Of what the run served.
std::optional<ExpertLoadMap> expert_load(const System& system, const RunLog& log) {
  if (system.bank() == nullptr) return std::nullopt;
  const Scenario& scenario = system.scenario();
  ExpertLoadMap map;
  map.text = caption(scenario);
  map.layers = moe_layer_indices(scenario.model);
  map.views.push_back({"", relative_to_mean(assignments_served(scenario, *system.bank(), log))});
  return map;
}

}  // namespace

void write_run(const std::string& folder, const System& system, const Simulation& simulation,
               const Summary& summary) {
  const RunLog& log = simulation.result.log;
  const Scenario& scenario = system.scenario();
  const Deployment& d = scenario.deployment;
  const auto blocks =
      static_cast<std::uint64_t>(system.memory().num_gpu_blocks * d.data_parallel_size * d.replicas);
  write_file_atomically(folder + "/summary.json", pretty(summary_json(summary)));
  write_file_atomically(folder + "/scenario.json", pretty(scenario.json));
  write_file_atomically(folder + "/requests.csv", [&](std::ostream& out) { write_requests_csv(out, log); });
  write_file_atomically(folder + "/steps.csv", [&](std::ostream& out) { write_steps_csv(out, log); });
  RunPage page = run_page_of(describe(scenario), summary, log, blocks);
  page.expert_load = expert_load(system, log);
  page.network = network_map(system.graph(), simulation.result.link_bytes, summary.metrics.duration);
  write_file_atomically(folder + "/report.html", run_page(page));
}

}  // namespace switchyard
