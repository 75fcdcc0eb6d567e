// Replaying a whole trace, 19 366 requests of conversation, on one core: a dense and an MoE model. The trace
// is read from SWITCHYARD_DATA, else from the data beside the source tree; else a workload of the same
// published statistics stands in for it.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "sim/simulate.hpp"

namespace {

using namespace switchyard;

/// Azure LLM inference trace 2023, conversation.
std::string trace_path() {
  const std::filesystem::path here(__FILE__);
  const char* named = std::getenv("SWITCHYARD_DATA");
  const std::filesystem::path folder =
      named != nullptr ? std::filesystem::path(named) : here.parent_path() / "../../shared/data";
  const std::filesystem::path path = folder / "traces/azure2023_conv.csv";
  return std::filesystem::exists(path) ? path.lexically_normal().string() : std::string();
}

/// The statistics of that trace: mean and spread of the lengths, and the rate of arrivals.
Json synthetic_conversation() {
  return parse_json(R"({"arrivals": {"process": "poisson", "rate": 5.5}, "num_requests": 19366,
      "prompt_tokens": {"distribution": "lognormal", "mean": 1155, "cv": 1.0, "max": 14050},
      "output_tokens": {"distribution": "lognormal", "mean": 211, "cv": 0.8, "max": 1000}})",
                    "synthetic conversation");
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;  // Linux counts KiB
}

void replay(benchmark::State& state, Json scenario) {
  const std::string trace = trace_path();
  scenario["workload"] = trace.empty() ? synthetic_conversation() : Json{{"trace", trace}};
  const System system(read_scenario(scenario, "replay", "."), Scope::serving);
  std::uint64_t requests = 0, steps = 0;
  for (auto _ : state) {
    const Simulation simulation = simulate(system);
    requests += simulation.result.submitted;
    simulation.result.log.for_each_step([&](const StepRow& row) { steps += row.count; });
  }
  const auto iterations = static_cast<double>(state.iterations());
  state.SetLabel(trace.empty() ? "synthetic Poisson workload" : "Azure conversation trace");
  state.counters["requests"] = static_cast<double>(requests) / iterations;
  state.counters["steps"] = static_cast<double>(steps) / iterations;
  state.counters["steps/s"] = benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
  state.counters["peak_MiB"] = peak_mib();  // of the process so far
}

void replay_dense(benchmark::State& state) {
  replay(
      state,
      {{"model", "llama-3.1-70b"}, {"cluster", "hgx-h100"}, {"deployment", {{"tensor_parallel_size", 8}}}});
}
BENCHMARK(replay_dense)->Iterations(3)->Unit(benchmark::kMillisecond);

void replay_experts(benchmark::State& state) {
  replay(state, {{"model", "mixtral-8x7b"},
                 {"cluster", "hgx-h100"},
                 {"deployment", {{"data_parallel_size", 8}, {"enable_expert_parallel", true}}}});
}
BENCHMARK(replay_experts)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
