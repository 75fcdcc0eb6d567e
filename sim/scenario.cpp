// Reading a scenario, block by block.
#include "sim/scenario.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "sim/base/menu.hpp"
#include "sim/scenario_blocks.hpp"
#include "workloads/catalogue.hpp"

namespace switchyard {
namespace {

Json member(const Json& json, std::string_view key) {
  const auto found = json.find(key);
  return found == json.end() ? Json() : *found;
}

/// Relative paths are made absolute, so that a resolved scenario can be read from anywhere.
Json resolved_wish(const Json& wish, const std::string& base_folder) {
  if (!wish.is_string()) return wish;
  const std::string text = wish.get<std::string>();
  return is_path(text) ? Json(absolute_path(base_folder, text)) : wish;
}

/// What the mode of routing passes over.
/// Formats that some GPUs compute in and this one does not. int4 and mxfp4 are formats to keep weights in.
std::vector<std::string> notes_of(const ModelPrecision& precision, const Gpu& gpu) {
  std::vector<std::string> notes;
  for (const Precision format : {Precision::fp8, Precision::fp8_block, Precision::fp4, Precision::int8}) {
    const auto has = [&](const PrecisionByRole& formats) {
      const auto roles = PrecisionByRole::roles();
      return std::any_of(roles.begin(), roles.end(), [&](auto role) { return formats.*role == format; });
    };
    const bool asked = has(precision.weights) || has(precision.activations);
    if (!asked || activations_beside(gpu, format) != Precision::bf16) continue;
    notes.push_back(gpu.name + " does not compute in " + std::string(name_of(format)) +
                    ": such matrices are kept so and multiplied at the rate of bf16.");
  }
  return notes;
}

std::vector<std::string> notes_of(const RoutingOptions& routing) {
  std::vector<std::string> notes;
  const std::string reason = ": routing.mode is " + routing.mode + ".";
  if (!routing.trace.empty() && routing.mode != "trace")
    notes.push_back("routing.trace is not read" + reason);
  if (routing.mode == "bank" || routing.mode == "exact") return notes;
  if (!routing.gate_weights.empty()) notes.push_back("A run passes over routing.gate_weights" + reason);
  if (routing.preset.arithmetic != ScoreFormat::fp32)
    notes.push_back("A run passes over routing.arithmetic" + reason);
  return notes;
}

}  // namespace

std::span<const FidelityRow> fidelities() {
  static constexpr std::array<FidelityRow, 5> kTable = {{
      {"auto", "step where no two replicas share a link, else collective", std::nullopt},
      {"analytic", "every step lasts its own time; replicas never wait for each other's links",
       Fidelity::analytic},
      {"step", "one coflow a step: replicas that share links contend with their bytes spread over the step",
       Fidelity::step},
      {"collective", "one coflow a collective: bytes contend with what is on their links at that moment",
       Fidelity::collective},
      {"flow", "every transfer between two GPUs is simulated: the reference, up to 32 GPUs", Fidelity::flow},
  }};
  return kTable;
}

Scenario read_scenario(const Json& json, const std::string& source, const std::string& base_folder) {
  ObjectReader reader(json, source);
  Scenario scenario;
  scenario.source = source;
  scenario.seed = static_cast<std::uint64_t>(
      reader.optional_integer("seed", 1, {0, std::numeric_limits<std::int64_t>::max()}));
  scenario.model =
      read_model(reader.raw("model", "a model's name, the path of its config.json, or an object of its keys"),
                 member(json, "model_overrides"), base_folder, source);
  reader.known("model_overrides");
  if (scenario.model.form == ModelForm::convolutional)
    reader.fail("model", "is " + scenario.model.name +
                             ", a convolutional network: it has no tokens; ask `switchyard model` about it");
  scenario.notes = scenario.model.notes;
  const Json default_cluster = "hgx-h100";
  const Json* cluster = reader.optional_raw("cluster");
  scenario.cluster = read_cluster(cluster ? *cluster : default_cluster, base_folder, source);
  scenario.deployment = read_deployment(reader.optional_object("deployment"), scenario.model);
  check(scenario.deployment, scenario.model, scenario.cluster, source);
  scenario.engine = read_engine(reader.optional_object("engine"), base_folder);
  scenario.engine.profile = on_gpu(std::move(scenario.engine.profile), scenario.cluster.gpu.name);
  resolve_model_length(scenario);
  scenario.precision = read_precision(reader.optional_object("precision"), scenario);
  for (const std::string& note : notes_of(scenario.precision, scenario.cluster.gpu))
    scenario.notes.push_back(note);
  scenario.routing = read_routing(reader.optional_object("routing"), scenario.model, base_folder);
  for (const std::string& note : notes_of(scenario.routing)) scenario.notes.push_back(note);
  ObjectReader network = reader.optional_object("network");
  scenario.fidelity = network.optional_choice("fidelity", "auto", names(fidelities()));
  if (scenario.fidelity == "flow" && scenario.deployment.gpus() > kMostFlowGpus)
    network.fail("fidelity", "simulates every transfer of at most " + std::to_string(kMostFlowGpus) +
                                 " GPUs, and this deployment has " +
                                 std::to_string(scenario.deployment.gpus()) + "; choose collective");
  network.finish();
  // Absolute, so that the resolved scenario finds its trace from anywhere.
  const std::string absolute_folder =
      std::filesystem::absolute(std::filesystem::path(base_folder) / ".").string();
  if (const Json* workload = reader.optional_raw("workload")) {
    const Json preset = {{"preset", *workload}};  // a name is short for it
    scenario.workload = read_workload(
        ObjectReader(workload->is_string() ? preset : *workload, source, "/workload"), absolute_folder);
    for (const std::string& note : notes_of(*scenario.workload)) scenario.notes.push_back(note);
  }
  scenario.slo = read_slo(reader.optional_object("slo"));
  scenario.usd_per_gpu_hour = read_prices(reader.optional_object("prices"));
  reader.optional_text("$schema", "");  // for editors
  reader.finish();

  scenario.json =
      to_json(scenario, resolved_wish(json.at("model"), base_folder), member(json, "model_overrides"));
  return scenario;
}

}  // namespace switchyard
