// switchyard routing: what the gates of a scenario do, layer by layer.
#include <iostream>

#include "sim/base/files.hpp"
#include "sim/command.hpp"
#include "sim/routing_answer.hpp"
#include "sim/system.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

po::options_description routing_options() {
  po::options_description options("switchyard routing SCENARIO.json");
  options.add_options()("scenario", po::value<std::string>(), "the scenario's file; it needs no workload")(
      "set", po::value<std::vector<std::string>>()->composing(), "/json/pointer=VALUE: replace one value")(
      "out", po::value<std::string>(), "folder for routing.json, scenario.json and report.html, a heat map")(
      "format", po::value<std::string>()->default_value("text"),
      "text | json, which has every layer and expert")("help", "this text");
  return options;
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
  if (options.count("out")) make_folder(options["out"].as<std::string>());
  const std::shared_ptr<const RoutingBank> bank = build_bank(scenario);
  const RoutingAnswer answer = routing_answer(scenario, bank.get());
  if (options.count("out")) write_routing(options["out"].as<std::string>(), scenario, bank.get(), answer);
  if (format == "json") std::cout << pretty(to_json(answer, scenario));
  else std::cout << routing_table(answer, scenario);
  return 0;
}

}  // namespace switchyard
