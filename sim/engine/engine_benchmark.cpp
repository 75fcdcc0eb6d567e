// What simulated time costs: sleeping, a wait ended by a ring, and steps alone and contended.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/engine/engine.hpp"

namespace {

using namespace switchyard;
using namespace switchyard::literals;

constexpr int kRounds = 20000;
// SimGrid slows down with every further engine of a process; a simulation makes one.
constexpr int kEngines = 3;

Cluster cluster_of_64() {
  Cluster cluster;
  cluster.gpu.nvlink = 450_GBps;
  cluster.gpu.pcie = 64_GBps;
  cluster.gpus_per_node = 8;
  cluster.nodes = 8;
  cluster.fabric.nics_per_node = 8;
  cluster.fabric.nic = 50_GBps;
  return cluster;
}

void sleep(benchmark::State& state) {
  const LinkGraph graph(cluster_of_64());
  for (auto _ : state) {
    Engine engine(graph, Fidelity::step);
    engine.add_actor("sleeper", [](Actor& actor) {
      for (int i = 1; i <= kRounds; ++i) actor.sleep_until(Seconds(i * 1e-3));
    });
    engine.run();
  }
  state.SetItemsProcessed(state.iterations() * kRounds);
}
BENCHMARK(sleep)->Iterations(kEngines)->Unit(benchmark::kMillisecond);

/// One item: a wait, the ring that ends it, and the ringer's own sleep.
void wait_and_ring(benchmark::State& state) {
  const LinkGraph graph(cluster_of_64());
  for (auto _ : state) {
    Engine engine(graph, Fidelity::step);
    Bell bell;
    engine.add_actor("waiter", [&](Actor& actor) {
      for (int i = 0; i < kRounds; ++i) actor.wait_until(1e9_s, bell);
    });
    engine.add_actor("ringer", [&](Actor& actor) {
      for (int i = 1; i <= kRounds; ++i) {
        actor.sleep_until(Seconds(i * 1e-3));
        bell.ring();
      }
    });
    engine.run();
  }
  state.SetItemsProcessed(state.iterations() * kRounds);
}
BENCHMARK(wait_and_ring)->Iterations(kEngines)->Unit(benchmark::kMillisecond);

/// Replicas that step over and over on the same `links`, each busy for `share` percent of the step.
void spend(benchmark::State& state) {
  const LinkGraph graph(cluster_of_64());
  const std::int64_t replicas = state.range(0);
  const double share = 0.01 * static_cast<double>(state.range(2));
  constexpr int kSteps = 2000;
  std::vector<LinkLoad> loads;
  for (LinkId link = 0; link < static_cast<LinkId>(state.range(1)); ++link) {
    loads.push_back({link, graph.links()[link].bandwidth * (1_ms * share)});
  }
  for (auto _ : state) {
    Engine engine(graph, Fidelity::step);
    for (std::int64_t i = 0; i < replicas; ++i) {
      engine.add_actor("replica" + std::to_string(i), [&, i](Actor& actor) {
        actor.sleep_until(1_us * static_cast<double>(i));
        for (int step = 0; step < kSteps; ++step) actor.spend(1_ms, loads);
      });
    }
    engine.run();
  }
  state.SetItemsProcessed(state.iterations() * replicas * kSteps);
}
BENCHMARK(spend)
    ->ArgNames({"replicas", "links", "percent"})
    ->Args({1, 20, 80})
    ->Args({1, 250, 80})
    ->Args({2, 20, 30})
    ->Args({2, 20, 80})
    ->Args({2, 250, 80})
    ->Args({8, 20, 80})
    ->Iterations(kEngines)
    ->Unit(benchmark::kMillisecond);

void construct(benchmark::State& state) {
  const LinkGraph graph(cluster_of_64());
  for (auto _ : state) {
    Engine engine(graph, Fidelity::step);
    engine.add_actor("one", [](Actor&) {});
    engine.run();
  }
}
BENCHMARK(construct)->Iterations(kEngines)->Unit(benchmark::kMillisecond);

}  // namespace
