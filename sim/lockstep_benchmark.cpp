// Engine steps a second, on one core: deepseek-v3 decodes with experts over all GPUs of HGX H100 nodes, 32
// sequences a GPU at a context of 4096; every step routes tokens that the one before has not. One lockstep
// step of all ranks is one. With what the step does in a run: timing, routing's spread, simulated time.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <string>

#include "sim/base/random.hpp"
#include "sim/engine/phase_spender.hpp"
#include "sim/simulate.hpp"

namespace {

using namespace switchyard;
using namespace switchyard::literals;

constexpr std::int64_t kSequences = 32;
constexpr std::int64_t kContext = 4096;

Scenario scenario_of(std::int64_t gpus, const std::string& backend) {
  Json json = {
      {"model", "deepseek-v3"},
      {"cluster", {{"gpu", "h100_sxm"}, {"gpus_per_node", 8}, {"nodes", gpus / 8}}},
      {"deployment",
       {{"data_parallel_size", gpus}, {"enable_expert_parallel", true}, {"all2all_backend", backend}}}};
  json["engine"] = {{"max_num_batched_tokens", 512}};  // more leave 256 ranks no memory to gather them
  json["workload"] = {{"arrivals", {{"process", "all_at_once"}}},  // nobody asks: the batches are ours
                      {"num_requests", 1},
                      {"prompt_tokens", {{"distribution", "fixed"}, {"value", kContext}}},
                      {"output_tokens", {{"distribution", "fixed"}, {"value", 1}}}};
  return read_scenario(json, "lockstep", ".");
}

std::vector<RankBatch> batches(const System& system) {
  Random random(1, "lockstep");
  std::vector<RankBatch> ranks(static_cast<std::size_t>(system.scenario().deployment.data_parallel_size));
  for (RankBatch& batch : ranks) {
    batch.decode_contexts.assign(kSequences, kContext);
    for (std::int64_t i = 0; i < kSequences; ++i) {
      batch.routed.push_back(system.bank()->draw_place(random));
      batch.routed.back().tokens = 1;
    }
    batch.sampled = kSequences;
  }
  return ranks;
}

/// As a replica does it.
void spend(Actor& actor, StepTimer& timer, std::span<const RankBatch> ranks, std::vector<Bytes>& link_bytes) {
  const Seconds now = actor.now();
  if (actor.fidelity() == Fidelity::collective) {
    PhaseSpender spender(actor, now, link_bytes);
    timer.time(ranks, spender);
    actor.sleep_until(spender.end());
  } else {
    std::fill(link_bytes.begin(), link_bytes.end(), Bytes(0.0));
    StepLoads loads(link_bytes);
    actor.sleep_until(now + timer.time(ranks, loads).total());
  }
  benchmark::DoNotOptimize(spread_of(*timer.routed()));
}

void lockstep(benchmark::State& state, Fidelity fidelity, const std::string& backend) {
  const System system(scenario_of(state.range(0), backend), Scope::serving);
  const auto timer = system.timer(0);
  std::vector<RankBatch> ranks = batches(system);
  std::vector<Bytes> link_bytes(system.graph().links().size());
  Engine engine(system.graph(), fidelity);
  engine.add_actor("replica", [&](Actor& actor) {
    for (auto _ : state) {
      spend(actor, *timer, ranks, link_bytes);
      for (RankBatch& batch : ranks) batch.advance();
    }
  });
  engine.run();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["steps/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024.0;  // of the process so far
}
void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("gpus")->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(lockstep, step, Fidelity::step, "allgather_reducescatter")->Apply(sizes);
BENCHMARK_CAPTURE(lockstep, collective, Fidelity::collective, "allgather_reducescatter")->Apply(sizes);
BENCHMARK_CAPTURE(lockstep, step_deepep, Fidelity::step, "deepep_low_latency")->Apply(sizes);
BENCHMARK_CAPTURE(lockstep, collective_deepep, Fidelity::collective, "deepep_low_latency")->Apply(sizes);
BENCHMARK_CAPTURE(lockstep, step_pairwise, Fidelity::step, "pairwise")->Apply(sizes);
BENCHMARK_CAPTURE(lockstep, collective_pairwise, Fidelity::collective, "pairwise")->Apply(sizes);

}  // namespace
