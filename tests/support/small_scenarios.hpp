// Scenarios small enough to run by the hundred: a few narrow layers on a GPU with round numbers.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/tables.hpp"
#include "sim/simulate.hpp"
#include "sim/study/point.hpp"
#include "sim/summarise.hpp"

namespace switchyard {

/// 4 layers of width 1024: a llama, or a mixtral of `experts` experts with `top_k` chosen.
inline Json small_dense_model() {
  return parse_json(R"({"model_type": "llama", "hidden_size": 1024, "intermediate_size": 3072,
      "num_hidden_layers": 4, "num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": 32000,
      "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})",
                    "small dense model");
}
inline Json small_moe_model(std::int64_t experts, std::int64_t top_k) {
  Json model = small_dense_model();
  model["model_type"] = "mixtral";
  model["num_local_experts"] = experts;
  model["num_experts_per_tok"] = top_k;
  return model;
}

/// A GPU without measured tables: times follow from its numbers alone.
inline Json round_gpu() {
  return parse_json(R"({"name": "round", "source": "round numbers for tests", "memory": "80 GB",
      "memory_bandwidth": "3 TB/s", "peak": {"bf16": "1000 TFLOPS"}, "vector_peak": "60 TFLOPS",
      "nvlink": "400 GB/s", "pcie": "100 GB/s", "tdp": "700 W",
      "profile": {"source": "round numbers for tests", "gemm": {"compute": 0.8, "memory": 0.9},
                  "grouped_gemm": {"compute": 0.6, "memory": 0.7},
                  "prefill_attention": {"compute": 0.5, "memory": 0.8},
                  "decode_attention": {"compute": 0.3, "memory": 0.8},
                  "elementwise": {"compute": 0.5, "memory": 0.8}, "kernel_overhead": "3 us"}})",
                    "round GPU");
}

inline Json small_scenario(const Json& model) {
  Json scenario = parse_json(R"({"cluster": {"gpus_per_node": 8, "nodes": 1},
      "workload": {"arrivals": {"process": "poisson", "rate": 400}, "num_requests": 80,
                   "prompt_tokens": {"distribution": "uniform", "min": 10, "max": 200},
                   "output_tokens": {"distribution": "uniform", "min": 1, "max": 60}}})",
                             "small scenario");
  scenario["model"] = model;
  scenario["cluster"]["gpu"] = round_gpu();
  return scenario;
}
inline Json small_dense() { return small_scenario(small_dense_model()); }
/// 8 experts of which 2 are chosen, spread over 4 data-parallel ranks.
inline Json small_moe() {
  Json scenario = small_scenario(small_moe_model(8, 2));
  scenario["deployment"] = {{"data_parallel_size", 4}, {"enable_expert_parallel", true}};
  return scenario;
}

/// `json` with one value replaced, as --set does: with(scenario, "/seed", 2).
inline Json with(Json json, const std::string& pointer, const Json& value) {
  set_pointer(json, pointer, value, "test");
  return json;
}

inline Scenario read(const Json& json) { return read_scenario(json, "test.json", "."); }

/// What a run left behind; requests in the order of their ids, steps in the order logged.
struct Run {
  Metrics metrics;
  std::vector<RequestRow> requests;
  std::vector<StepRow> steps;
  std::uint64_t submitted = 0;
  std::uint64_t events = 0;
  std::int64_t kv_blocks = 0;  // of one rank
  std::int64_t data_parallel_size = 1;
  std::string requests_csv, steps_csv;
  Json summary;  // summary_json() without the wall times
};

inline Run run(const Json& json, const SimulateOptions& options = {}) {
  const System system(read(json), Scope::serving);
  const Simulation simulation = simulate(system, {}, {}, options);
  const RunLog& log = simulation.result.log;
  Run run;
  run.metrics = compute_metrics(log, system.scenario().slo, system.scenario().deployment.gpus());
  log.for_each_request([&](const RequestRow& row) { run.requests.push_back(row); });
  std::stable_sort(run.requests.begin(), run.requests.end(),
                   [](const RequestRow& a, const RequestRow& b) { return a.id < b.id; });
  log.for_each_step([&](const StepRow& row) { run.steps.push_back(row); });
  run.submitted = simulation.result.submitted;
  run.events = simulation.result.events;
  run.kv_blocks = system.memory().num_gpu_blocks;
  run.data_parallel_size = system.scenario().deployment.data_parallel_size;
  run.summary = without_wall_times(summary_json(summarise(system, simulation, run.metrics)));
  std::ostringstream requests, steps;
  write_requests_csv(requests, log);
  write_steps_csv(steps, log);
  run.requests_csv = requests.str();
  run.steps_csv = steps.str();
  return run;
}

}  // namespace switchyard
