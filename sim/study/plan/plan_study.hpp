// What a plan searches: models, GPU types, a budget, traffic and a latency target.
//
//   {"title": "…", "question": "…",                          // optional, for the page
//    "models": ["llama-3.1-70b", {"model": …, "model_overrides": {…}}],   // as a scenario's "model"
//    "gpus": ["h100_sxm", "h200_sxm"],                      // names, paths or objects
//    "budget": {"gpus": 64},                                // or {"usd_per_hour": 200}
//    "workload": {…}, "slo": {…},                           // a scenario's; the rate is the demand
//    "objective": "minimise_cost",
//    "precisions": ["auto", "fp8"], "engine": {…},          // optional from here on
//    "layouts": {"tensor_parallel_size": [1, 2], …},        // lists to search, by the scenario's names
//    "clusters": {"h100_sxm": "hgx-h100"},                  // the node a GPU type comes in
//    "prices": {"h100_sxm": 2.5},                           // $ of a GPU-hour
//    "routing": {…}, "network": {…}, "seed": 1}
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/units.hpp"

namespace switchyard {

/// What a plan looks for.
struct Objective {
  std::string_view name;
  std::string_view description;
  std::string_view label;  // the unit of its figure
};
std::span<const Objective> objectives();

/// One of them is given.
struct Budget {
  std::optional<std::int64_t> gpus;
  std::optional<double> usd_per_hour;
};
inline constexpr std::int64_t kMostPlannedGpus = 4096;

/// Values to try, the first of each engine limit before the others.
struct LayoutLists {
  std::vector<std::int64_t> tensor_parallel_size, pipeline_parallel_size, data_parallel_size;
  std::vector<std::string> enable_expert_parallel;  // "false", "true"
  std::vector<std::string> all2all_backend;
  std::vector<std::int64_t> max_num_seqs, max_num_batched_tokens;  // empty: the engine's own
  std::int64_t most_gpus_per_replica = 64;
};

struct PlanStudy {
  std::string source;  // file name, for messages
  std::string base_folder;
  std::string title;
  std::string question;
  std::vector<Json> models;  // {"model": …, "model_overrides": …}
  std::vector<Json> gpus;    // names, or objects
  Budget budget;
  Json scenario;  // workload, slo, engine, routing, network, seed: what every candidate shares
  std::string objective;
  std::vector<Json> precisions;  // a scenario's block, or the name of the weights' format
  LayoutLists layouts;
  std::map<std::string, Json> clusters;
  std::map<std::string, double> prices;  // $ of a GPU-hour

  bool minimises() const { return objective != "maximise_goodput"; }
};

/// `objective`: what the command line says instead of the file; empty: nothing. Throws InputError.
PlanStudy read_plan_study(const std::string& path, const std::string& objective);

/// As it was read, its paths absolute.
Json to_json(const PlanStudy& study);

}  // namespace switchyard
