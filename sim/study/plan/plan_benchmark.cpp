// A whole plan: five models on four GPU types, up to 64 GPUs.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "sim/study/plan/plan.hpp"

namespace {

using namespace switchyard;

Json study() {
  return parse_json(R"({
    "models": ["llama-3.1-8b", "llama-3.1-70b", "mixtral-8x7b", "qwen3-30b-a3b", "gpt-oss-120b"],
    "gpus": ["h100_sxm", "h200_sxm", "b200_sxm", "a100_sxm"], "budget": {"gpus": 64},
    "workload": {"arrivals": {"process": "poisson", "rate": 40},
      "prompt_tokens": {"distribution": "lognormal", "mean": 1155, "cv": 0.96, "max": 14050},
      "output_tokens": {"distribution": "lognormal", "mean": 211, "cv": 0.77, "max": 1000}},
    "slo": {"ttft_p99": "2 s", "tpot_p99": "50 ms"}, "objective": "minimise_gpus"})",
                    "study");
}

void plan_five_models(benchmark::State& state) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "switchyard-plan-benchmark";
  make_folder(folder.string());
  const std::string file = (folder / "plan.json").string(), kept = (folder / "journal.jsonl").string();
  write_file_atomically(file, pretty(study()));
  const PlanStudy plan = read_plan_study(file, "");
  Interruption interruption;
  PlanCounts counts;
  std::size_t simulations = 0;
  for (auto _ : state) {
    std::filesystem::remove(kept);
    Journal journal(kept);
    const std::deque<PlanBase> bases = read_bases(plan);
    Prober prober(journal, static_cast<std::size_t>(state.range(0)), interruption, plan.base_folder);
    const PlanFindings findings = make_plan(plan, bases, prober);
    counts = counts_of(findings.chains);
    simulations = findings.simulations;
  }
  state.counters["layouts"] = static_cast<double>(counts.layouts);
  state.counters["candidates"] = static_cast<double>(counts.candidates);
  state.counters["simulations"] = static_cast<double>(simulations);
  std::filesystem::remove_all(folder);
}
BENCHMARK(plan_five_models)
    ->ArgName("jobs")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kSecond)
    ->Iterations(1);

}  // namespace
