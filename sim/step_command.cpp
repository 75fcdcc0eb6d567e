// switchyard step: one engine step with its breakdown.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "sim/command.hpp"
#include "sim/energy.hpp"
#include "sim/expert_parallel_answer.hpp"
#include "sim/simulate.hpp"
#include "sim/summarise.hpp"
#include "sim/trust.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

po::options_description step_options() {
  po::options_description options(
      "switchyard step SCENARIO.json (--decode B --context C | --prefill N [--context C])");
  options.add_options()("scenario", po::value<std::string>(), "the scenario's file; it needs no workload")(
      "set", po::value<std::vector<std::string>>()->composing(), "/json/pointer=VALUE: replace one value")(
      "decode", po::value<std::string>(), "sequences that decode, on every attention data-parallel rank")(
      "prefill", po::value<std::string>(), "new tokens of one prompt, on every such rank")(
      "context", po::value<std::string>(), "tokens in the cache of each sequence before the step")(
      "format", po::value<std::string>()->default_value("text"), "text | json")("help", "this text");
  return options;
}

StepQuery query_of(const po::variables_map& options) {
  if (options.count("decode") == options.count("prefill")) {
    throw InputError("switchyard step", "choose one of --decode B --context C, --prefill N");
  }
  if (options.count("decode") && !options.count("context")) {
    throw InputError("--decode", "needs --context C, the tokens in the cache of each sequence");
  }
  StepQuery query;
  if (options.count("decode")) query.decode = integer_of(options, "decode", {1, 1 << 20});
  else query.prefill = integer_of(options, "prefill", {1, 1 << 24});
  if (options.count("context")) query.context = integer_of(options, "context", {0, 1 << 28});
  return query;
}

Json to_json(const TimetableEntry& entry) {
  Json json = {{"layer", entry.layer}, {"operator", entry.name}, {"part", name_of(entry.part)}};
  json["rank"] = entry.rank ? Json(*entry.rank) : Json();
  json["ms"] = entry.time.value() * 1e3;
  return json;
}

std::vector<std::string> notes_of_step(const System& system) {
  std::vector<std::string> notes = notes_of(system.scenario());
  for (const std::string& note : notes_of(system.scenario().cluster.gpu)) notes.push_back(note);
  for (const std::string& note : notes_of_collectives(system)) notes.push_back(note);
  return notes;
}

Json to_json(const StepAnswer& answer, const EnergyUse& energy, const System& system) {
  const Scenario& scenario = system.scenario();
  const double host = answer.breakdown[Part::host].value() * 1e3;
  const double total = answer.breakdown.total().value() * 1e3;
  Json json = {{"step_ms", total}, {"device_ms", total - host}};
  Json parts = Json::object();
  for (std::size_t i = 0; i < kPartNames.size(); ++i)
    parts[std::string(kPartNames[i])] = answer.breakdown.parts[i].value() * 1e3;
  json["breakdown_ms"] = parts;
  json["energy_j"] = energy.total().value();  // of the replica's GPUs
  json["active_experts_per_layer"] = answer.active_experts_per_layer;
  if (scenario.model.drops_tokens()) {
    json["dropped"] = answer.dropped;
    json["assignments"] = answer.assignments;
  }
  json["expert_parallel"] = expert_parallel_json(answer, system);
  json["draws"] = answer.draws;
  json["measured_profile"] = provenance_of(scenario.cluster.gpu) == Provenance::measured;
  json["trust"] = trust_json(trust_of(scenario));
  json["notes"] = notes_of_step(system);
  json["timetable"] = Json::array();  // of the last draw
  for (const TimetableEntry& entry : answer.timetable) json["timetable"].push_back(to_json(entry));
  return json;
}

void print(const StepAnswer& answer, const EnergyUse& energy, const System& system) {
  const Scenario& scenario = system.scenario();
  const double total = answer.breakdown.total().value();
  std::printf("one step %.3f ms, of which on the device %.3f ms\n", total * 1e3,
              (total - answer.breakdown[Part::host].value()) * 1e3);
  for (std::size_t i = 0; i < kPartNames.size(); ++i) {
    const double part = answer.breakdown.parts[i].value();
    std::printf("  %-14s %9.3f ms %5.1f %%\n", std::string(kPartNames[i]).c_str(), part * 1e3,
                total > 0.0 ? 100.0 * part / total : 0.0);
  }
  const auto gpus = static_cast<double>(scenario.deployment.gpus_per_replica());
  std::printf("energy %.4g J, %.0f W a GPU of %.0f W, %s\n", energy.total().value(),
              energy.total().value() / (gpus * total), scenario.cluster.gpu.tdp.value(),
              power_provenance_text(scenario.cluster.gpu).c_str());
  if (!answer.active_experts_per_layer.empty()) {
    double sum = 0.0;
    for (double active : answer.active_experts_per_layer) sum += active;
    std::printf("active experts a rank and MoE layer: %.1f on average, %lld draws\n",
                sum / static_cast<double>(answer.active_experts_per_layer.size()),
                static_cast<long long>(answer.draws));
  }
  for (const std::string& line : expert_parallel_lines(answer, system)) std::printf("%s\n", line.c_str());
  if (scenario.model.drops_tokens())
    std::printf("dropped beyond the experts' capacity: %.1f of %lld assignments, %.3g %%\n", answer.dropped,
                static_cast<long long>(answer.assignments),
                100.0 * answer.dropped / static_cast<double>(std::max<std::int64_t>(1, answer.assignments)));
  for (const std::string& line : trust_lines(trust_of(scenario))) std::printf("trust: %s\n", line.c_str());
  for (const std::string& note : notes_of_step(system)) std::printf("note: %s\n", note.c_str());
}

}  // namespace

int step_command(const Arguments& arguments) {
  const po::variables_map options = parse_arguments(arguments, step_options(), "step", {"scenario"});
  if (options.count("help")) {
    std::cout << step_options();
    return 0;
  }
  const std::string format = format_of(options, {"text", "json"});
  const StepQuery query = query_of(options);
  const System system(scenario_of(options), Scope::step);
  const StepAnswer answer = time_step(system, query);
  const EnergyUse energy = energy_of(system, query, answer);
  if (format == "json") std::cout << pretty(to_json(answer, energy, system));
  else print(answer, energy, system);
  return 0;
}

}  // namespace switchyard
