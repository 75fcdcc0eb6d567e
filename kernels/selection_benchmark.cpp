// The parts of routing that follow the scores: choosing by given logits, and sorting tokens by expert.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/expert_lists.hpp"
#include "kernels/machine_limits.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/variants.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kTokens = 4096;
constexpr GateShape kDeepSeekV3{256, 8, 64, 8, 4, 2.5};

/// Logits like those of a gate: the sum of four uniform numbers.
std::vector<float> logits() {
  std::vector<float> result(static_cast<std::size_t>(kTokens * kDeepSeekV3.num_experts));
  std::uint64_t state = 1;
  for (float& value : result) {
    for (int i = 0; i < 4; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      value += static_cast<float>(static_cast<std::int32_t>(state >> 32)) * 0x1p-31f;
    }
  }
  return result;
}

/// noaux_tc from given logits: sigmoids, bias, groups, experts and weights; 4 of 8 groups, 8 of 256 experts.
void choose_by_noaux_tc(benchmark::State& state, const GateVariant& variant) {
  const GateArithmetic* arithmetic = variant.arithmetic();
  if (arithmetic == nullptr) return state.SkipWithError("this machine lacks the instructions");
  const std::vector<float> given = logits();
  const std::vector<float> bias(256, 0.01f);
  AlignedVector<float> own(given.size()), scratch(16 * 256);
  std::vector<float> weights(kTokens * 8);
  std::vector<std::uint16_t> experts(kTokens * 8);
  std::vector<double> seconds;
  for (auto _ : state) {
    std::copy(given.begin(), given.end(), own.begin());
    const double start = thread_seconds();
    for (std::size_t t = 0; t < kTokens; t += 16) {
      noaux_tc(RoutedTokens{
          kDeepSeekV3, *arithmetic, bias, 16, std::span<float>(own).subspan(t * 256, 16 * 256), scratch,
          std::span(experts).subspan(t * 8, 16 * 8), std::span(weights).subspan(t * 8, 16 * 8)});
    }
    seconds.push_back(thread_seconds() - start);
    state.SetIterationTime(seconds.back());
  }
  state.counters["ns_per_token"] = median(seconds) / kTokens * 1e9;
}

void sort_tokens(benchmark::State& state) {
  std::vector<std::uint16_t> experts(kTokens * 8);
  std::uint64_t random = 1;
  for (std::uint16_t& expert : experts) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    expert = static_cast<std::uint16_t>(random >> 56);
  }
  ExpertLists lists;
  for (auto _ : state) {
    sort_by_expert(experts, 8, 256, lists);
    benchmark::DoNotOptimize(lists.tokens.data());
  }
  state.counters["assignments_per_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(experts.size()),
                         benchmark::Counter::kIsRate);
}
BENCHMARK(sort_tokens)->Name("expert_lists/deepseek_v3");

const bool kRegistered = [] {
  for (const GateVariant& variant : gate_variants()) {
    if (variant.number != 0 && variant.name != "fused" && variant.name != "selection") continue;
    const std::string name = "selection/deepseek_v3/" + std::to_string(variant.number) + "_";
    benchmark::RegisterBenchmark((name + std::string(variant.name)).c_str(), choose_by_noaux_tc, variant)
        ->UseManualTime()
        ->Iterations(25)
        ->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
}  // namespace switchyard
