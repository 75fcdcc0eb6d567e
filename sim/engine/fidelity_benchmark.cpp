// What the levels of fidelity make of the same traffic, as counters: all-to-alls of experts flow by flow (the
// reference), as coflows of all links, as coflows of the critical links alone, and as one coflow a step;
// alone, beside a second replica on the same GPUs, and beside KV caches under way. `switchyard bench sim
// --benchmark_filter=fidelity --benchmark_format=csv`; results/03-network/fidelity.md tells the outcome.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/engine/phase_spender.hpp"

namespace {

using namespace switchyard;
using namespace switchyard::literals;

constexpr std::int64_t kTokens = 128, kExperts = 256, kTopK = 8;  // of a GPU, of a layer, of a token
constexpr double kRow = 7168.0;                                   // bytes, a vector of fp8
constexpr Seconds kWork(50e-6);                                   // between two all-to-alls

/// H100 nodes of 8 (two of 4 for 8 GPUs), a NIC of 400 Gb/s for each.
Cluster cluster_of(std::int64_t gpus, double oversubscription) {
  Cluster cluster;
  cluster.gpu.nvlink = 450_GBps;
  cluster.gpu.pcie = 64_GBps;
  cluster.gpus_per_node = gpus == 8 ? 4 : 8;
  cluster.nodes = gpus / cluster.gpus_per_node;
  cluster.fabric.nics_per_node = cluster.gpus_per_node;
  cluster.fabric.nic = 50_GBps;
  cluster.fabric.oversubscription = oversubscription;
  return cluster;
}

/// What an all-to-all of one draw of experts sends, and puts on links.
struct Exchange {
  std::vector<Transfer> transfers;
  std::vector<LinkLoad> loads;
  Seconds alone;

  Phase phase(const PhaseLoad& load) const { return {kWork, Seconds(0.0), alone, Seconds(0.0), {&load, 1}}; }
};

Exchange of_transfers(const LinkGraph& graph, std::vector<Transfer> transfers) {
  std::vector<Bytes> busy(graph.links().size());
  for (const Transfer& t : transfers)
    for (const LinkId link : graph.route(t.from, t.to)) busy[link] += t.bytes;
  Exchange exchange{std::move(transfers), {}, {}};
  for (LinkId link = 0; link < busy.size(); ++link) {
    if (busy[link] == Bytes(0.0)) continue;
    exchange.loads.push_back({link, busy[link]});
    exchange.alone = std::max(exchange.alone, busy[link] / graph.links()[link].bandwidth);
  }
  return exchange;
}

/// Experts lie on GPUs in order; expert e is asked in proportion to (e + 1) ^ -zipf, shuffled.
Exchange draw(const LinkGraph& graph, double zipf, std::uint64_t seed) {
  Random random(seed, "exchange");
  std::vector<double> sums;
  for (std::int64_t e = 0; e < kExperts; ++e) sums.push_back(std::pow(static_cast<double>(e + 1), -zipf));
  for (std::size_t e = sums.size() - 1; e > 0; --e)
    std::swap(sums[e], sums[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(e)))]);
  std::partial_sum(sums.begin(), sums.end(), sums.begin());
  const auto gpus = static_cast<std::size_t>(graph.gpus());
  std::vector<double> pairs(gpus * gpus);
  for (std::size_t from = 0; from < gpus; ++from)
    for (std::int64_t token = 0; token < kTokens; ++token) {
      std::vector<bool> chosen(kExperts);
      for (std::int64_t k = 0; k < kTopK;) {
        const auto at = std::upper_bound(sums.begin(), sums.end(), random.uniform() * sums.back());
        const auto expert = std::min<std::size_t>(static_cast<std::size_t>(at - sums.begin()), kExperts - 1);
        if (chosen[expert]) continue;
        chosen[expert] = true;
        ++k;
        pairs[from * gpus + expert * gpus / kExperts] += kRow;
      }
    }
  std::vector<Transfer> transfers;
  for (GpuId from = 0; from < gpus; ++from)
    for (GpuId to = 0; to < gpus; ++to)
      if (from != to && pairs[from * gpus + to] > 0.0)
        transfers.push_back({from, to, Bytes(pairs[from * gpus + to])});
  return of_transfers(graph, std::move(transfers));
}

/// flow · coflow: all links · critical: those at least half as busy as the busiest · step: one coflow of all
/// collectives and the work between them.
enum class Way { flow, coflow, critical, step };
enum class Beside { nobody, replica, replica_and_kv };

struct Case {
  std::int64_t gpus = 8;
  double oversubscription = 1.0;
  double zipf = 0.0;
  Beside beside = Beside::nobody;
  int rounds = 1;
};

/// What a replica moves in its rounds, for one way.
std::vector<Exchange> rounds_of(const LinkGraph& graph, const Case& of, Way way, std::uint64_t replica) {
  std::vector<Exchange> rounds;
  for (int round = 0; round < of.rounds; ++round) {
    rounds.push_back(draw(graph, of.zipf, replica * 100 + static_cast<std::uint64_t>(round)));
    Exchange& exchange = rounds.back();
    if (way != Way::critical) continue;
    std::erase_if(exchange.loads, [&](const LinkLoad& load) {
      return load.bytes / graph.links()[load.link].bandwidth < exchange.alone * 0.5;
    });
  }
  return rounds;
}

void serve(Actor& actor, const LinkGraph& graph, const std::vector<Exchange>& rounds, Way way) {
  if (way == Way::step) {
    std::vector<Bytes> bytes(graph.links().size());
    std::vector<LinkLoad> loads;
    Seconds alone;
    for (const Exchange& exchange : rounds) {
      for (const LinkLoad& load : exchange.loads) bytes[load.link] += load.bytes;
      alone += kWork + exchange.alone;
    }
    for (LinkId link = 0; link < bytes.size(); ++link)
      if (bytes[link] > Bytes(0.0)) loads.push_back({link, bytes[link]});
    actor.spend(alone, loads);
    return;
  }
  std::vector<Bytes> bytes(graph.links().size());
  PhaseSpender spender(actor, actor.now(), bytes);
  for (const Exchange& exchange : rounds) {
    const PhaseLoad load{exchange.loads, Bytes(1.0), exchange.transfers};
    spender.add(exchange.phase(load));
  }
  actor.sleep_until(spender.end());
}

/// A cache of 2 MB every 100 us from a GPU of the first half to one of the second, while a replica works.
void send_caches(Actor& actor, const LinkGraph& graph, const std::size_t& working) {
  Random random(7, "caches");
  const auto half = static_cast<std::int64_t>(graph.gpus() / 2);
  int sent = 0;
  while (working > 0) {
    const auto from = static_cast<GpuId>(random.integer(0, half - 1));
    const auto to = static_cast<GpuId>(half + random.integer(0, half - 1));
    const Exchange cache = of_transfers(graph, {{from, to, Bytes(2e6)}});
    const PhaseLoad load{cache.loads, Bytes(1.0), cache.transfers};
    actor.move(cache.phase(load));
    actor.sleep_until(Seconds(++sent * 100e-6));
  }
}

/// When the last replica has done its rounds, in a process of its own: SimGrid takes its models once.
double simulate(const Case& of, Way way) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    const LinkGraph graph(cluster_of(of.gpus, of.oversubscription));
    const Fidelity fidelity = way == Way::flow   ? Fidelity::flow
                              : way == Way::step ? Fidelity::step
                                                 : Fidelity::collective;
    Engine engine(graph, fidelity);
    const std::size_t replicas = of.beside == Beside::nobody ? 1 : 2;
    std::size_t working = replicas;
    double last = 0.0;
    for (std::size_t replica = 0; replica < replicas; ++replica)
      engine.add_actor("replica", [&, replica](Actor& actor) {
        serve(actor, graph, rounds_of(graph, of, way, replica), way);
        last = std::max(last, actor.now().value());
        --working;
      });
    if (of.beside == Beside::replica_and_kv)
      engine.add_actor("caches", [&](Actor& actor) { send_caches(actor, graph, working); });
    engine.run();
    _exit(write(ends[1], &last, sizeof last) == sizeof last ? 0 : 1);
  }
  close(ends[1]);
  double last = std::nan("");
  if (read(ends[0], &last, sizeof last) != sizeof last) last = std::nan("");
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return last;
}

void fidelity(benchmark::State& state) {
  const Case of{state.range(0), 1.0 * static_cast<double>(state.range(1)),
                0.1 * static_cast<double>(state.range(2)), static_cast<Beside>(state.range(3)),
                static_cast<int>(std::max<std::int64_t>(1, 64 / state.range(0)))};
  for (auto _ : state) {
    const double flow = simulate(of, Way::flow);
    state.counters["flow_us"] = flow * 1e6;
    for (const auto& [name, way] : {std::pair("coflow", Way::coflow), std::pair("critical", Way::critical),
                                    std::pair("step", Way::step)})
      state.counters[std::string(name) + "_%"] = (simulate(of, way) / flow - 1.0) * 100.0;
  }
}
BENCHMARK(fidelity)
    ->ArgNames({"gpus", "oversubscription", "zipf_tenths", "beside"})
    ->ArgsProduct({{8, 16, 32}, {1, 2}, {0, 10}, {0, 1, 2}})
    ->ArgsProduct({{64}, {1, 2}, {0, 10}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
