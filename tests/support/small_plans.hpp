// Studies of plans small enough to search in full: a small model, dense or routed, on up to 8 GPUs with round
// numbers, the rest drawn at random.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/study/plan/probes.hpp"
#include "tests/support/small_scenarios.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {

inline Json random_plan(std::uint64_t seed) {
  Random random(seed, "studies of plans");
  const auto one_of = [&](const std::vector<std::int64_t>& values) {
    return values[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(values.size()) - 1))];
  };
  Json model = random.integer(0, 1) == 0 ? small_dense_model() : small_moe_model(8, 2);
  model["num_hidden_layers"] = random.integer(2, 6);
  const std::int64_t prompt = random.integer(50, 600), output = random.integer(10, 60);
  return {
      {"models", {model}},
      {"gpus", {round_gpu()}},
      {"budget", {{"gpus", one_of({2, 4, 8})}}},
      {"workload",
       {{"arrivals", {{"process", "poisson"}, {"rate", 50.0 * static_cast<double>(random.integer(1, 20))}}},
        {"prompt_tokens", {{"distribution", "uniform"}, {"min", 10}, {"max", 2 * prompt}}},
        {"output_tokens", {{"distribution", "uniform"}, {"min", 2}, {"max", 2 * output}}}}},
      {"slo",
       {{"ttft_p99", std::to_string(random.integer(60, 400)) + " ms"},
        {"tpot_p99", std::to_string(random.integer(4, 20)) + " ms"}}},
      {"engine", {{"profile", "vllm"}}},
      {"objective", "maximise_goodput"},
      {"layouts",
       {{"tensor_parallel_size", {1, 2, 4}},
        {"pipeline_parallel_size", {1}},
        {"data_parallel_size", {1, 2, 4}},
        {"max_num_seqs", {256}},
        {"max_num_batched_tokens", {8192, 1024}},
        {"most_gpus_per_replica", 4}}}};
}

/// A study that was read, and what simulates its candidates.
struct SmallPlan {
  explicit SmallPlan(const Json& json)
      : study(read_plan_study(folder.write("plan.json", json.dump()).string(), "")),
        bases(read_bases(study)),
        journal((folder.path() / "journal.jsonl").string()),
        prober(journal, 2, interruption, study.base_folder) {}

  TemporaryFolder folder;
  PlanStudy study;
  std::deque<PlanBase> bases;
  Interruption interruption;
  Journal journal;
  Prober prober;
};

}  // namespace switchyard
