// What a sweep does in a second, each point simulated in a process of its own: small points, dense and
// routed, and routed ones of the size that studies have. The column CPU is the time of the process that
// starts the others: what more jobs cannot shorten, but for the forks.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "sim/study/sweep/sweep.hpp"

namespace {

using namespace switchyard;

struct Kind {
  std::string model;
  Json deployment;
  int points;
  int requests;
};

const Kind kDense{"llama-3.1-70b", {{"tensor_parallel_size", 8}}, 40, 200};
const Kind kExperts{"mixtral-8x7b", {{"tensor_parallel_size", 8}}, 40, 200};
const Kind kLargeExperts{
    "mixtral-8x7b", {{"data_parallel_size", 8}, {"enable_expert_parallel", true}}, 32, 1000};

/// A folder that goes with the benchmark.
class Scratch {
 public:
  Scratch() : path_(std::filesystem::temp_directory_path() / "switchyard-sweep-benchmark") {
    make_folder(path_.string());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

Json study_of(const Kind& kind) {
  Json rates = Json::array();
  for (int point = 1; point <= kind.points; ++point) rates.push_back(point);
  return {{"scenario",
           {{"model", kind.model},
            {"workload",
             {{"arrivals", {{"process", "poisson"}, {"rate", 1}}},
              {"num_requests", kind.requests},
              {"prompt_tokens", {{"distribution", "fixed"}, {"value", 500}}},
              {"output_tokens", {{"distribution", "fixed"}, {"value", 100}}}}},
            {"deployment", kind.deployment},
            {"engine", {{"max_model_len", 4096}}}}},
          {"sweep", {{"/workload/arrivals/rate", rates}}}};
}

void sweep_points(benchmark::State& state, const Kind& kind) {
  const Scratch scratch;
  write_file_atomically(scratch.file("study.json"), pretty(study_of(kind)));
  const Study study = read_study(scratch.file("study.json"), {});
  Interruption interruption;
  for (auto _ : state) {
    std::filesystem::remove(scratch.file("journal.jsonl"));
    Journal journal(scratch.file("journal.jsonl"));
    Sweep sweep(study, check_points(study, {}), journal);
    sweep.run(local_crew(static_cast<std::size_t>(state.range(0))), interruption);
  }
  state.SetItemsProcessed(state.iterations() * kind.points);
}

void jobs(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("jobs")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(sweep_points, dense, kDense)->Apply(jobs);
BENCHMARK_CAPTURE(sweep_points, experts, kExperts)->Apply(jobs);
BENCHMARK_CAPTURE(sweep_points, large_experts, kLargeExperts)->Apply(jobs);

}  // namespace
