// Tokens routed a second by every variant, and by the obvious alternative, at the gates of real models. Times
// are those of the routing thread alone; with two threads, the clock's.
//
// A case is run five times or more; before each run, a large product of the same type and a read of as many
// bytes as the case reads are measured. `bound` is the case's FLOP/s over min(peak, FLOP per byte x
// bandwidth), by the medians of all three.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/machine_limits.hpp"
#include "kernels/obvious_gate.hpp"
#include "kernels/variants.hpp"

namespace switchyard {
namespace {

struct BenchmarkedGate {
  const char* name;
  const char* router;
  GateShape shape;
  ObviousGate::Rule obvious;
};

constexpr auto kSoftmax = ObviousGate::Rule::softmax_topk_renorm;
constexpr auto kNoaux = ObviousGate::Rule::noaux_tc;

const BenchmarkedGate kGates[] = {
    {"mixtral_8x7b", "softmax_topk_renorm", {8, 2, 4096, 1, 1, 1.0}, kSoftmax},
    {"olmoe_1b_7b", "softmax_topk", {64, 8, 2048, 1, 1, 1.0}, kSoftmax},
    {"qwen3_30b_a3b", "softmax_topk_renorm", {128, 8, 2048, 1, 1, 1.0}, kSoftmax},
    {"deepseek_v3", "noaux_tc", {256, 8, 7168, 8, 4, 2.5}, kNoaux},
    {"kimi_k2", "noaux_tc", {384, 8, 7168, 1, 1, 2.827}, kNoaux},
    {"deepseek_v3_64_dimensions", "noaux_tc", {256, 8, 64, 8, 4, 2.5}, kNoaux},
};

/// Reproducible numbers in [-1, 1) that look random enough to a selection.
std::vector<float> noise(std::int64_t count, std::uint64_t state, float scale) {
  std::vector<float> result(static_cast<std::size_t>(count));
  for (float& value : result) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<float>(static_cast<std::int32_t>(state >> 32)) * 0x1p-31f * scale;
  }
  return result;
}

/// A gate with tokens; logits have a standard deviation of about 1.
struct Case {
  Case(const BenchmarkedGate& gate, std::int64_t tokens)
      : hidden(noise(tokens * gate.shape.hidden_size, 1, 1.0f)),
        weights(noise(gate.shape.num_experts * gate.shape.hidden_size, 2,
                      3.0f / std::sqrt(static_cast<float>(gate.shape.hidden_size)))),
        bias(noise(gate.shape.num_experts, 3, 0.05f)),
        experts(static_cast<std::size_t>(tokens * gate.shape.num_experts_per_tok)),
        shares(experts.size()),
        input{gate.shape, tokens, hidden, weights, {}, {}} {
    if (gate.obvious == kNoaux) input.selection_bias = bias;
  }
  GateOutput output() { return {experts, shares}; }
  double flops() const {
    return 2.0 * static_cast<double>(input.tokens * input.shape.num_experts * input.shape.hidden_size);
  }
  std::size_t bytes() const { return (hidden.size() + weights.size()) * sizeof(float); }

  std::vector<float> hidden, weights, bias;
  std::vector<std::uint16_t> experts;
  std::vector<float> shares;
  GateInput input;
};

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

using Clock = double (*)();

template <class Route>
void measure(benchmark::State& state, Case& tokens, ScoreFormat format, Clock clock, Route route) {
  MachineLimits limits(format, tokens.bytes());
  std::vector<double> seconds;
  route();  // warms up: the first call asks for memory
  for (auto _ : state) {
    limits.measure();
    const double start = clock();
    route();
    seconds.push_back(clock() - start);
    state.SetIterationTime(seconds.back());
  }
  const double flops = tokens.flops() / median(seconds);
  const double by_memory = tokens.flops() / static_cast<double>(tokens.bytes()) * limits.bytes_per_second();
  state.counters["tokens_per_s"] = static_cast<double>(tokens.input.tokens) / median(seconds);
  state.counters["FLOP_per_s"] = flops;
  state.counters["bound"] = flops / std::min(limits.flops_per_second(), by_memory);
  state.counters["peak_FLOP_per_s"] = limits.flops_per_second();
  state.counters["read_bytes_per_s"] = limits.bytes_per_second();
}

const ExpertRouter& router_named(const std::string& name) {
  for (const ExpertRouter& router : expert_routers())
    if (router.name == name) return router;
  throw std::logic_error("no router " + name);
}

/// The slow variants route fewer tokens.
std::int64_t tokens_of(const GateVariant& variant) {
  return variant.number < 2 || variant.name == "bf16" ? 192 : 4096;
}

void run_variant(benchmark::State& state, const BenchmarkedGate& gate, const GateVariant& variant) {
  const GateArithmetic* arithmetic = variant.arithmetic();
  if (arithmetic == nullptr) return state.SkipWithError("this machine lacks the instructions");
  Case tokens(gate, tokens_of(variant));
  tokens.input.threads = variant.threads;
  const ExpertRouter& router = router_named(gate.router);
  measure(state, tokens, variant.format, variant.threads > 1 ? clock_seconds : thread_seconds,
          [&] { router.route_by(*arithmetic, tokens.input, tokens.output()); });
}

void run_obvious(benchmark::State& state, const BenchmarkedGate& gate, ScoreFormat format) {
  Case tokens(gate, 4096);
  ObviousGate obvious(format, tokens.input);
  measure(state, tokens, format, thread_seconds, [&] { obvious.route(gate.obvious, tokens.output()); });
}

template <class... Arguments>
void add(const std::string& name, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), arguments...)
      ->UseManualTime()
      ->Iterations(5)
      ->Unit(benchmark::kMillisecond);
}

const bool kRegistered = [] {
  for (const BenchmarkedGate& gate : kGates) {
    const std::string name = std::string("gating/") + gate.name + "/";
    for (const GateVariant& variant : gate_variants())
      add(name + std::to_string(variant.number) + "_" + std::string(variant.name), run_variant, gate,
          variant);
    add(name + "obvious_fp32", run_obvious, gate, ScoreFormat::fp32);
    add(name + "obvious_bf16", run_obvious, gate, ScoreFormat::bf16);
  }
  return true;
}();

}  // namespace
}  // namespace switchyard
