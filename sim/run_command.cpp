// switchyard run: a scenario from JSON to report.
#include <iostream>

#include "sim/base/files.hpp"
#include "sim/command.hpp"
#include "sim/progress.hpp"
#include "sim/report/page.hpp"
#include "sim/report/tables.hpp"
#include "sim/simulate.hpp"
#include "sim/summarise.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

po::options_description run_options() {
  po::options_description options("switchyard run SCENARIO.json");
  options.add_options()("scenario", po::value<std::string>(), "the scenario's file")(
      "set", po::value<std::vector<std::string>>()->composing(), "/json/pointer=VALUE: replace one value")(
      "out", po::value<std::string>(),
      "folder for summary.json, requests.csv, steps.csv, scenario.json, report.html")("help", "this text");
  return options;
}

void write_report(const std::string& folder, const System& system, const Simulation& simulation,
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
  write_file_atomically(folder + "/report.html",
                        run_page(run_page_of(describe(scenario), summary, log, blocks)));
}

/// With the warm-ups; 0 when a trace is replayed to its end.
std::uint64_t expected_requests(const Workload& workload) {
  if (workload.trace && workload.num_requests == 0) return 0;
  return static_cast<std::uint64_t>(workload.num_warmups + workload.num_requests);
}

}  // namespace

int run_command(const Arguments& arguments) {
  const po::variables_map options = parse_arguments(arguments, run_options(), "run", {"scenario"});
  if (options.count("help")) {
    std::cout << run_options();
    return 0;
  }

  Interruption interruption;
  const Scenario scenario = scenario_of(options);
  const System system(scenario, Scope::serving);
  if (options.count("out"))
    make_folder(options["out"].as<std::string>());  // a wrong one is found before the run
  const Simulation simulation = simulate(system, interruption.token(),
                                         progress_line(expected_requests(*scenario.workload), interruption));
  const Metrics metrics = compute_metrics(simulation.result.log, scenario.slo, scenario.deployment.gpus());
  const Summary summary = summarise(system, simulation, metrics);

  clear_progress_line();
  std::cout << console_table(describe(scenario), summary) << "\n" << rank_lines(scenario);
  if (options.count("out")) write_report(options["out"].as<std::string>(), system, simulation, summary);
  return simulation.result.interrupted ? 130 : 0;
}

}  // namespace switchyard
