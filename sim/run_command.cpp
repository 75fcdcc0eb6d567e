// switchyard run: a scenario from JSON to report.
#include <iostream>

#include "sim/base/files.hpp"
#include "sim/command.hpp"
#include "sim/progress.hpp"
#include "sim/report/tables.hpp"
#include "sim/run_files.hpp"
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
  if (options.count("out")) write_run(options["out"].as<std::string>(), system, simulation, summary);
  return simulation.result.interrupted ? 130 : 0;
}

}  // namespace switchyard
