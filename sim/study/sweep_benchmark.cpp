// What a sweep does in a second: small points, dense and routed, each simulated in a process of its own.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "sim/study/sweep.hpp"

namespace {

using namespace switchyard;

constexpr int kPoints = 40;

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

Json study_of(const std::string& model) {
  Json rates = Json::array();
  for (int point = 1; point <= kPoints; ++point) rates.push_back(point);
  return {{"scenario",
           {{"model", model},
            {"workload",
             {{"arrivals", {{"process", "poisson"}, {"rate", 1}}},
              {"num_requests", 200},
              {"prompt_tokens", {{"distribution", "fixed"}, {"value", 500}}},
              {"output_tokens", {{"distribution", "fixed"}, {"value", 100}}}}},
            {"deployment", {{"tensor_parallel_size", 8}}},
            {"engine", {{"max_model_len", 4096}}}}},
          {"sweep", {{"/workload/arrivals/rate", rates}}}};
}

void sweep_points(benchmark::State& state, const std::string& model) {
  const Scratch scratch;
  write_file_atomically(scratch.file("study.json"), pretty(study_of(model)));
  const Study study = read_study(scratch.file("study.json"), {});
  Interruption interruption;
  for (auto _ : state) {
    std::filesystem::remove(scratch.file("journal.jsonl"));
    Journal journal(scratch.file("journal.jsonl"));
    Sweep sweep(study, check_points(study, {}), journal);
    sweep.run(local_crew(static_cast<std::size_t>(state.range(0))), interruption);
  }
  state.SetItemsProcessed(state.iterations() * kPoints);
}
BENCHMARK_CAPTURE(sweep_points, dense, "llama-3.1-70b")
    ->ArgName("jobs")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sweep_points, experts, "mixtral-8x7b")
    ->ArgName("jobs")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
