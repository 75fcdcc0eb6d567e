// Tokens routed a second, reference against the fastest variant, at the gates of real models.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/expert_router.hpp"
#include "kernels/gate_arithmetic.hpp"

namespace switchyard {
namespace {

struct BenchmarkedGate {
  const char* name;
  const char* router;
  GateShape shape;
};

// 1024 tokens at full width, and in the subspace of the experts that generated gates use; a 64-dimensional
// one too.
const BenchmarkedGate kGates[] = {
    {"mixtral_8x7b", "softmax_topk_renorm", {8, 2, 4096, 1, 1, 1.0}},
    {"mixtral_8x7b_subspace", "softmax_topk_renorm", {8, 2, 8, 1, 1, 1.0}},
    {"qwen3_30b_a3b", "softmax_topk_renorm", {128, 8, 2048, 1, 1, 1.0}},
    {"qwen3_30b_a3b_subspace", "softmax_topk_renorm", {128, 8, 128, 1, 1, 1.0}},
    {"qwen3_30b_a3b_64_dimensions", "softmax_topk_renorm", {128, 8, 64, 1, 1, 1.0}},
    {"deepseek_v3", "noaux_tc", {256, 8, 7168, 8, 4, 2.5}},
    {"deepseek_v3_subspace", "noaux_tc", {256, 8, 256, 8, 4, 2.5}},
    {"deepseek_v3_64_dimensions", "noaux_tc", {256, 8, 64, 8, 4, 2.5}},
};

/// Reproducible numbers in [-1, 1) that look random enough to a selection.
std::vector<float> noise(std::int64_t count, std::uint64_t state) {
  std::vector<float> result(static_cast<std::size_t>(count));
  for (float& value : result) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<float>(static_cast<std::int32_t>(state >> 32)) * 0x1p-31f;
  }
  return result;
}

enum class Variant { reference, fastest };

void route_tokens(benchmark::State& state, const BenchmarkedGate& gate, Variant variant) {
  constexpr std::int64_t kTokens = 1024;
  const std::vector<float> hidden = noise(kTokens * gate.shape.hidden_size, 1);
  const std::vector<float> weights = noise(gate.shape.num_experts * gate.shape.hidden_size, 2);
  std::vector<std::uint16_t> experts(static_cast<std::size_t>(kTokens * gate.shape.num_experts_per_tok));
  std::vector<float> shares(experts.size());
  for (const ExpertRouter& router : expert_routers()) {
    if (router.name != gate.router) continue;
    const GateArithmetic& arithmetic =
        variant == Variant::reference ? scalar_arithmetic() : vector_arithmetic();
    for (auto _ : state)
      router.route_by(arithmetic, {gate.shape, kTokens, hidden, weights, {}, {}}, {experts, shares});
  }
  const double tokens = static_cast<double>(state.iterations()) * kTokens;
  state.counters["tokens"] = benchmark::Counter(tokens, benchmark::Counter::kIsRate);
  state.counters["multiply_adds"] =
      benchmark::Counter(tokens * static_cast<double>(gate.shape.num_experts * gate.shape.hidden_size),
                         benchmark::Counter::kIsRate);
}

const bool kRegistered = [] {
  for (const BenchmarkedGate& gate : kGates) {
    const std::string name = std::string("gating/") + gate.name;
    benchmark::RegisterBenchmark((name + "/reference").c_str(), route_tokens, gate, Variant::reference);
    benchmark::RegisterBenchmark((name + "/fastest").c_str(), route_tokens, gate, Variant::fastest);
  }
  return true;
}();

}  // namespace
}  // namespace switchyard
