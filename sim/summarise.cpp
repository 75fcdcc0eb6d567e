// Descriptions in words and sections in JSON.
#include "sim/summarise.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "sim/base/rounding.hpp"
#include "sim/collectives/groups.hpp"
#include "sim/energy.hpp"
#include "sim/expert_assignments.hpp"
#include "sim/network_map.hpp"
#include "sim/rank_links.hpp"
#include "sim/trust.hpp"
#include "topologies/profile.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

std::string billions(std::int64_t count) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f B", static_cast<double>(count) * 1e-9);
  return text;
}

std::string words_of_drawn(const Workload::Lengths& lengths) {
  if (lengths.distribution == "fixed") return std::to_string(static_cast<std::int64_t>(lengths.value));
  if (lengths.distribution == "lognormal")
    return "lognormal mean " + std::to_string(static_cast<std::int64_t>(lengths.mean));
  if (lengths.distribution == "quantiles")
    return "quantiles " + std::to_string(lengths.quantiles.front().tokens) + "-" +
           std::to_string(lengths.quantiles.back().tokens);
  if (lengths.distribution == "uniform")
    return std::to_string(lengths.min) + "-" + std::to_string(lengths.max);
  return lengths.distribution;
}

/// " x 2"; nothing where lengths are as drawn or recorded.
std::string words_of_scale(const Workload::Lengths& lengths) {
  if (lengths.scale == 1.0) return "";
  char text[32];
  std::snprintf(text, sizeof text, " x %g", lengths.scale);
  return text;
}

std::string words_of(const Workload::Lengths& lengths) {
  return words_of_drawn(lengths) + words_of_scale(lengths);
}

std::string words_of(const Workload& workload) {
  char rate[32];
  std::snprintf(rate, sizeof rate, "%g", workload.arrivals.rate);
  std::string arrivals = workload.arrivals.process;
  if (workload.closed_loop()) arrivals = std::to_string(workload.arrivals.concurrency) + " in flight";
  else if (workload.arrivals.rate > 0.0) arrivals += " " + std::string(rate) + " /s";
  if (workload.trace) {
    std::string text =
        "trace " + *workload.trace + (workload.arrivals.process.empty() ? "" : ", " + arrivals);
    for (const auto& [name, lengths] :
         {std::pair(", prompts", &workload.prompt_tokens), std::pair(", outputs", &workload.output_tokens)})
      if (lengths->scale != 1.0) text += name + words_of_scale(*lengths);
    return text;
  }
  const std::string preset = workload.preset.empty() ? "" : workload.preset + ": ";
  const std::string requests =
      workload.num_requests == 0 ? "" : std::to_string(workload.num_requests) + " requests, ";
  return preset + requests + arrivals + ", prompts " + words_of(workload.prompt_tokens) + ", outputs " +
         words_of(workload.output_tokens);
}

std::string words_of(const Deployment& d) {
  std::string text = std::to_string(d.replicas) + (d.replicas == 1 ? " replica" : " replicas");
  text += ", tp " + std::to_string(d.tensor_parallel_size);
  if (d.pipeline_parallel_size > 1) text += ", pp " + std::to_string(d.pipeline_parallel_size);
  if (d.data_parallel_size > 1) text += ", dp " + std::to_string(d.data_parallel_size);
  if (d.enable_expert_parallel) text += ", ep " + std::to_string(d.expert_ranks());
  if (d.enable_eplb) text += ", eplb";
  if (d.num_redundant_experts > 0)
    text += " with " + std::to_string(d.num_redundant_experts) + " redundant experts";
  return text;
}

/// A preset that was recorded of another model stands in for one whose own routing was not.
std::string preset_in_words(const Scenario& scenario) {
  const RoutingPreset& preset = scenario.routing.preset;
  const std::vector<std::string> catalogue = routing_preset_names();
  const auto has = [&](const std::string& name) {
    return std::find(catalogue.begin(), catalogue.end(), name) != catalogue.end();
  };
  const bool recorded = !preset.profiles.empty() && has(preset.name);
  if (!recorded || has(scenario.model.name)) return preset.name;
  return preset.name + ", borrowed: " + scenario.model.name + "'s own load is not recorded";
}

Json memory_json(const System& system, const RunLog& log) {
  const MemoryFit& fit = system.memory();
  std::uint64_t most = 0;
  log.for_each_step([&](const StepRow& row) { most = std::max(most, row.kv_blocks_used); });
  const Deployment& d = system.scenario().deployment;
  const double blocks = static_cast<double>(fit.num_gpu_blocks) * static_cast<double>(d.data_parallel_size);
  return {{"gpu_bytes", fit.gpu.value()},
          {"usable_bytes", fit.usable.value()},
          {"weight_bytes", fit.weights.value()},
          {"expert_weight_bytes", fit.expert_weights.value()},
          {"activation_bytes", fit.activations.value()},
          {"runtime_reserve_bytes", fit.runtime_reserve.value()},
          {"kv_pool_bytes", fit.kv_pool.value()},
          {"kv_bytes_per_token", fit.kv_bytes_per_token.value()},
          {"num_gpu_blocks", fit.num_gpu_blocks},
          {"kv_tokens", fit.kv_tokens()},
          {"peak_kv_use", blocks > 0.0 ? static_cast<double>(most) / blocks : 0.0}};
}

Json eplb_json(const System& system) {
  const Balancing& balancing = *system.balancing();
  const Deployment& d = system.scenario().deployment;
  Json json = {{"policy", balancing.policy == EplbPolicy::hierarchical ? "hierarchical" : "global"},
               {"nodes", balancing.nodes},
               {"num_redundant_experts", d.num_redundant_experts}};
  json["rank_imbalance_before"] = balancing.imbalance_before ? Json(*balancing.imbalance_before) : Json();
  json["rank_imbalance_after"] = balancing.imbalance_after;
  return json;
}

/// Assignments of all steps that were measured.
double assignments(const RoutingBank& bank, const RunLog& log) {
  std::int64_t of_a_token = 0;
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer)
    of_a_token += bank.gate(layer).num_experts_per_tok;
  double tokens = 0.0;
  log.for_each_step([&](const StepRow& row) {
    tokens += static_cast<double>(row.count) * (row.prefill_tokens + row.decode_sequences);
  });
  return tokens * static_cast<double>(of_a_token);
}

/// Null with pipeline stages: a sum over stages that work side by side is no part of a step's time.
Json of_one_stage(const System& system, Seconds sum) {
  return system.scenario().deployment.pipeline_parallel_size > 1 ? Json() : Json(sum.value());
}

Json routing_json(const System& system, const ServingResult& result) {
  if (system.bank() == nullptr) return {{"mode", nullptr}};
  const RoutingOptions& options = system.scenario().routing;
  const RoutingTally& tally = result.routing;
  const double steps = static_cast<double>(std::max<std::uint64_t>(1, tally.steps));
  Json json = {{"mode", options.mode},
               {"preset", gates_choose(options) ? Json(options.preset.name) : Json()},
               {"gate_bias_zipf", gates_choose(options) ? Json(options.preset.gate_bias_zipf) : Json()},
               {"mean_active_experts_per_rank", tally.sum.active_experts / steps},
               {"mean_rank_imbalance", tally.sum.imbalance / steps},
               {"bank_tokens", system.bank()->tokens()}};
  if (system.scenario().model.drops_tokens()) {
    const double all = assignments(*system.bank(), result.log);
    json["dropped"] = tally.sum.dropped;
    json["dropped_share"] = all > 0.0 ? static_cast<double>(tally.sum.dropped) / all : 0.0;
  }
  if (system.scenario().deployment.enable_dbo) json["steps_in_halves"] = tally.sum.in_halves;
  if (system.balancing()) json["eplb"] = eplb_json(system);
  if (system.scenario().deployment.expert_ranks() > 1) {
    json["lost_to_imbalance_s"] = of_one_stage(system, tally.sum.waiting);
    json["rank_loads"] = system.rank_loads();
    const std::vector<double> before = system.rank_loads_without_eplb();
    json["rank_loads_without_eplb"] = before.empty() ? Json() : Json(before);
  }
  return json;
}

constexpr std::size_t kBusiestLinks = 3;

Json busiest_json(const System& system, const ServingResult& result, Seconds duration) {
  Json links = Json::array();
  for (const NetworkMap::Busy& link :
       busiest_links(system.graph(), result.link_bytes, duration, kBusiestLinks))
    links.push_back({{"name", link.name},
                     {"kind", link.kind},
                     {"bytes", link.bytes.value()},
                     {"utilisation", link.utilisation}});
  return links;
}

constexpr int kDigitsOfShare = 4;

/// How busy each expert rank's own links were: the link-load matrix of the run, a list a kind of link, in the
/// order of replicas, stages and ranks. A fabric that no group crosses is null.
Json rank_links_json(const System& system, std::span<const Bytes> busy, Seconds duration) {
  const Deployment& d = system.scenario().deployment;
  Json json = {{"in_node_out", Json::array()},
               {"in_node_in", Json::array()},
               {"fabric_out", Json::array()},
               {"fabric_in", Json::array()}};
  bool crosses = false;
  const auto add = [&](const char* kind, Seconds time) {
    json[kind].push_back(duration > Seconds() ? rounded(time / duration, kDigitsOfShare) : 0.0);
  };
  for (std::int64_t replica = 0; replica < d.replicas; ++replica)
    for (std::int64_t stage = 0; stage < d.pipeline_parallel_size; ++stage) {
      const auto ranks = rank_links(system.graph(), expert_group(d, replica, stage), busy);
      for (const RankLinks& rank : ranks) {
        crosses = crosses || rank.node != ranks.front().node;
        add("in_node_out", rank.in_node_out);
        add("in_node_in", rank.in_node_in);
        add("fabric_out", rank.fabric_out);
        add("fabric_in", rank.fabric_in);
      }
    }
  if (!crosses) json["fabric_out"] = json["fabric_in"] = nullptr;
  return json;
}

Json network_json(const System& system, const ServingResult& result, Seconds duration) {
  const Breakdown& breakdown = result.log.breakdown();
  const double total = breakdown.total().value();
  Json json = {{"fidelity", system.fidelity().name},
               {"replicas_share_links", system.replicas_share_links()},
               {"communication_share", total > 0.0 ? breakdown[Part::communication].value() / total : 0.0},
               {"exposed_communication_s", breakdown[Part::communication].value()},
               {"hidden_communication_s", of_one_stage(system, result.routing.sum.hidden)},
               {"busiest_links", busiest_json(system, result, duration)}};
  if (system.bank() != nullptr && system.scenario().deployment.expert_ranks() > 1)
    json["rank_link_utilisation"] = rank_links_json(system, result.link_bytes, duration);
  return json;
}

/// "3, 8 to 15": the first ranges of numbers that are not set; empty when all are.
std::string ranges_without(const std::vector<bool>& set) {
  constexpr int kMost = 8;
  std::string text;
  int ranges = 0;
  for (std::size_t first = 0, end; first < set.size(); first = end + 1) {
    for (end = first; end < set.size() && !set[end];) ++end;
    if (end == first) continue;
    if (++ranges > kMost) return text + ", …";
    text += (text.empty() ? "" : ", ") + std::to_string(first);
    if (end - first > 1) text += " to " + std::to_string(end - 1);
  }
  return text;
}

/// What the chosen fidelity leaves out when replicas share links (results/03-network/fidelity.md); null:
/// nothing.
const char* note_of_sharing(const System& system) {
  if (!system.replicas_share_links()) return nullptr;
  if (system.fidelity().name == "analytic")
    return "Replicas share links, but nothing contends at the fidelity analytic: each is as fast as if "
           "alone. auto "
           "takes collective here.";
  if (system.fidelity().name == "step")
    return "Replicas share links, and at the fidelity step only the sums of whole steps contend: up to 29 % "
           "too "
           "fast. auto takes collective here.";
  return nullptr;
}

/// What the fidelity flow does not know of an exchange (results/03-network/fidelity.md); empty: nothing.
std::string note_of_flows(const System& system) {
  const Deployment& d = system.scenario().deployment;
  const ExchangeBackend* exchange = exchange_backend(d.all2all_backend);
  if (system.fidelity().name != "flow" || system.bank() == nullptr || d.data_parallel_size == 1 ||
      exchange == nullptr)
    return "";
  std::string note =
      "At the fidelity flow what each rank sends around the experts is spread over its peers in "
      "proportion to what they receive: hot pairs are evened out.";
  if (exchange->copies == Copies::per_expert && exchange->landing == Landing::same_place)
    note += " Between nodes over all of them, though " + d.all2all_backend +
            " sends to the rank at the sender's own place.";
  return note;
}

std::vector<std::string> notes_of_run(const System& system, const Simulation& simulation,
                                      const Metrics& metrics) {
  std::vector<std::string> notes = notes_of(system.scenario());
  for (const std::string& note : notes_of(system.scenario().cluster.gpu)) notes.push_back(note);
  if (system.bank() != nullptr)
    for (const std::string& note : notes_of(system.scenario(), *system.bank())) notes.push_back(note);
  for (const std::string& note : notes_of_collectives(system)) notes.push_back(note);
  if (const char* note = note_of_sharing(system)) notes.emplace_back(note);
  if (const std::string note = note_of_flows(system); !note.empty()) notes.push_back(note);
  if (metrics.rejected > 0) {
    notes.push_back(std::to_string(metrics.rejected) +
                    " requests were rejected: longer than max_model_len or than the whole KV pool.");
  }
  if (simulation.result.interrupted)
    notes.emplace_back(
        "Interrupted: requests in flight are counted as unfinished, later ones were not sent.");
  return notes;
}

}  // namespace

RunDescription describe(const Scenario& scenario) {
  const ParameterCount parameters = count_parameters(scenario.model);
  RunDescription description;
  description.model = scenario.model.name + ", " + billions(parameters.total) + " parameters";
  if (parameters.active != parameters.total)
    description.model += ", " + billions(parameters.active) + " active";
  const Cluster& cluster = scenario.cluster;
  description.cluster = cluster.name + ": " + std::to_string(cluster.nodes) +
                        (cluster.nodes == 1 ? " node" : " nodes") + " x " +
                        std::to_string(cluster.gpus_per_node) + " " + cluster.gpu.name;
  description.deployment = words_of(scenario.deployment) + ": " + std::to_string(scenario.deployment.gpus()) +
                           (scenario.deployment.gpus() == 1 ? " GPU" : " GPUs");
  description.engine = scenario.engine.profile.name + ", " + scenario.engine.scheduler;
  if (scenario.workload) description.workload = words_of(*scenario.workload);
  return description;
}

bool gates_choose(const RoutingOptions& routing) {
  return routing.mode != "trace" && routing.mode != "uniform";
}

std::string routing_in_words(const Scenario& scenario) {
  const RoutingOptions& routing = scenario.routing;
  std::string words = "mode " + routing.mode;
  if (!gates_choose(routing)) return words;
  words += ", preset " + routing.preset.name;
  if (routing.preset.gate_bias_zipf == 0.0) return words;
  char zipf[32];
  std::snprintf(zipf, sizeof zipf, "%g", routing.preset.gate_bias_zipf);
  return words + " with gate_bias_zipf " + zipf;
}

std::vector<std::string> notes_of(const Gpu& gpu) {
  std::string gaps;
  for (const std::string& gap : gaps_of(gpu.profile)) gaps += (gaps.empty() ? "" : "; ") + gap;
  if (gaps.empty()) return {};
  return {"GPU profile: " + gaps + "."};
}

std::vector<std::string> notes_of(const Scenario& scenario) {
  std::vector<std::string> notes = scenario.notes;
  const std::string& mode = scenario.routing.mode;
  if (scenario.model.moe_layers() > 0 && (mode == "bank" || mode == "exact")) {
    const char* weights = scenario.routing.gate_weights.empty() ? "synthetic weights and tokens"
                                                                : "real weights and synthetic tokens";
    notes.push_back("Routing: real gate arithmetic on " + std::string(weights) + " (preset " +
                    preset_in_words(scenario) + ").");
  }
  if (scenario.model.moe_layers() > 0 && mode == "trace") {
    const std::filesystem::path trace = scenario.routing.trace;
    notes.push_back("Routing: recorded choices of experts (" + trace.filename().string() + ").");
  }
  return notes;
}

std::vector<std::string> notes_of(const Scenario& scenario, const RoutingBank& bank) {
  if (scenario.routing.mode != "trace") return {};
  std::vector<bool> chosen(static_cast<std::size_t>(bank.experts()));
  for (const std::vector<std::uint64_t>& layer : assignments_in_bank(bank))
    for (std::size_t e = 0; e < layer.size(); ++e) chosen[e] = chosen[e] || layer[e] > 0;
  const std::string ranges = ranges_without(chosen);
  if (ranges.empty()) return {};
  return {"Experts that never occur in the recording: " + ranges + " of 0 to " +
          std::to_string(bank.experts() - 1) + "."};
}

std::vector<std::string> notes_of_collectives(const System& system) {
  const Scenario& scenario = system.scenario();
  const Deployment& d = scenario.deployment;
  if (d.gpus_per_replica() == 1) return {};
  const CollectiveParameters parameters =
      collective_parameters(scenario.cluster, system.graph(), static_cast<GpuId>(d.gpus()));
  std::vector<std::string> notes;
  if (parameters.gpu != scenario.cluster.gpu.name)
    notes.push_back("Collectives were not measured on " + scenario.cluster.gpu.name + ": those of " +
                    parameters.gpu + " stand in, over this cluster's links.");
  if (d.data_parallel_size == 1 || !is_asynchronous(d.all2all_backend)) return notes;
  const bool across = by_node(system.graph(), expert_group(d, 0, 0)).size() > 1;
  const std::string& lent = across ? parameters.deepep.lent_between_nodes : parameters.deepep.lent_in_node;
  if (!lent.empty())
    notes.push_back("DeepEP was not measured on " + scenario.cluster.gpu.name +
                    (across ? " between nodes" : "") + ": its kernels of " + lent + " stand in.");
  return notes;
}

Summary summarise(const System& system, const Simulation& simulation, const Metrics& metrics) {
  Summary summary;
  const RunLog& log = simulation.result.log;
  summary.metrics = metrics;
  summary.gpus = system.scenario().deployment.gpus();
  summary.breakdown = log.breakdown();
  summary.memory = memory_json(system, log);
  summary.routing = routing_json(system, simulation.result);
  summary.network = network_json(system, simulation.result, metrics.duration);
  summary.measured_profile = provenance_of(system.scenario().cluster.gpu) == Provenance::measured;
  summary.trust = trust_of(system.scenario());
  summary.wall = simulation.wall;
  summary.bank = system.bank_time();
  summary.events = simulation.result.events;
  summary.notes = notes_of_run(system, simulation, metrics);
  add_energy_and_cost(system, simulation.result, summary);
  return summary;
}

}  // namespace switchyard
