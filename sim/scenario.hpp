// The scenario: everything the user asked for, read, checked and with all defaults filled in. All errors of
// the user's surface here and in System, before the clock starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/cost/engine_profile.hpp"
#include "sim/engine/engine.hpp"
#include "sim/plan/deployment.hpp"
#include "sim/plan/memory_fit.hpp"
#include "sim/record/metrics.hpp"
#include "topologies/cluster.hpp"
#include "workloads/architecture.hpp"
#include "workloads/requests/request.hpp"
#include "workloads/routing/preset.hpp"
#include "workloads/work.hpp"

namespace switchyard {

struct EngineOptions {
  std::string wish;  // the profile's catalogue name or absolute path
  EngineProfile profile;
  std::string scheduler;
  std::string dispatcher;
  EngineLimits limits;
  std::vector<std::int64_t> cudagraph_capture_sizes;
};

struct RoutingOptions {
  std::string mode = "bank";  // a row of routing_modes()
  RoutingPreset preset;
  std::string trace;         // absolute path of a recording, or empty
  std::string gate_weights;  // absolute path of a checkpoint, or empty
};

struct Scenario {
  std::string source;  // file name, for messages
  Architecture model;
  ModelPrecision precision;
  Cluster cluster;
  Deployment deployment;
  EngineOptions engine;
  RoutingOptions routing;
  std::string fidelity = "auto";  // a row of fidelities()
  std::optional<Workload> workload;
  Slo slo;
  std::optional<DollarsPerHour> usd_per_gpu_hour;  // none: the GPU's own price
  std::uint64_t seed = 1;
  std::vector<std::string> notes;  // what the report should say about the choices

  Json json;  // resolved: every default filled in; reads back to the same scenario
};

struct FidelityRow {
  std::string_view name;
  std::string_view description;
  std::optional<Fidelity> level;  // none: the system chooses
};
std::span<const FidelityRow> fidelities();
/// The most GPUs of a deployment whose transfers are simulated one by one: SimGrid's time grows with their
/// fifth power.
inline constexpr std::int64_t kMostFlowGpus = 32;

/// The keys of "slo": "ttft_mean", "ttft_median", … "e2el_p99".
std::vector<std::string> slo_bounds();

/// A scenario file's JSON, untouched, with `--set` overrides laid over it: {"/workload/num_requests", "100"};
/// a value that is no JSON is text. Throws InputError.
struct Override {
  std::string pointer;
  std::string value;
};
Json read_scenario_json(const std::string& path, const std::vector<Override>& overrides);
void apply_override(Json& scenario, const Override& override, const std::string& source);
/// `prefix` stands before the pointer in messages: "study.json: ".
void set_pointer(Json& scenario, const std::string& pointer, const Json& value, const std::string& prefix);

/// `base_folder`: relative paths in the scenario start there. Throws InputError.
Scenario read_scenario(const Json& json, const std::string& source, const std::string& base_folder);

}  // namespace switchyard
