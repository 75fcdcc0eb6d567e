// switchyard routing: what the gates of a scenario do, layer by layer.
#include <iostream>

#include "sim/base/files.hpp"
#include "sim/command.hpp"
#include "sim/routing_answer.hpp"
#include "sim/system.hpp"
#include "workloads/routing/recording.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

po::options_description routing_options() {
  po::options_description options("switchyard routing SCENARIO.json");
  options.add_options()("scenario", po::value<std::string>(), "the scenario's file; it needs no workload")(
      "set", po::value<std::vector<std::string>>()->composing(), "/json/pointer=VALUE: replace one value")(
      "out", po::value<std::string>(), "folder for routing.json, scenario.json and report.html, a heat map")(
      "export", po::value<std::string>(), "file .npz or .csv for the experts of every token in the bank")(
      "format", po::value<std::string>()->default_value("text"),
      "text | json, which has every layer and expert")("help", "this text");
  return options;
}

void write_bank(const std::string& path, const Scenario& scenario, const RoutingBank* bank) {
  if (bank == nullptr)
    throw InputError("--export", scenario.model.name + " has no layers with experts; leave it out");
  write_recording(path, bank->recording(), "--export");
}

/// What exact routing draws is known only with a run; the bank of its gates has all figures of one and the
/// same tokens.
std::shared_ptr<const RoutingBank> bank_to_show(Scenario scenario) {
  if (scenario.routing.mode == "exact") scenario.routing.mode = "bank";
  return build_bank(scenario);
}

}  // namespace

int routing_command(const Arguments& arguments) {
  const po::variables_map options = parse_arguments(arguments, routing_options(), "routing", {"scenario"});
  if (options.count("help")) {
    std::cout << routing_options();
    return 0;
  }
  const std::string format = format_of(options, {"text", "json"});
  const Scenario scenario = scenario_of(options);
  if (options.count("export")) check_recording_name(options["export"].as<std::string>(), "--export");
  if (options.count("out")) make_folder(options["out"].as<std::string>());
  const std::shared_ptr<const RoutingBank> bank = bank_to_show(scenario);
  const RoutingAnswer answer = routing_answer(scenario, bank.get());
  if (options.count("out")) write_routing(options["out"].as<std::string>(), scenario, bank.get(), answer);
  if (options.count("export")) write_bank(options["export"].as<std::string>(), scenario, bank.get());
  if (format == "json") std::cout << pretty(to_json(answer, scenario));
  else std::cout << routing_table(answer, scenario);
  return 0;
}

}  // namespace switchyard
