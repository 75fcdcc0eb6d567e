// Least times of operators over ranges of sizes, against the times themselves.
#include <array>
#include <catch2/catch.hpp>

#include "sim/base/random.hpp"
#include "sim/cost/operator_cost.hpp"

using namespace switchyard;

namespace {

constexpr double kSame = 1.0 + 1e-12;  // rounding

Gpu catalogue_gpu(const std::string& name) { return read_gpu(Json(name), ".", "test"); }

/// Engines with and without factors of their own, on a measured GPU, a scaled one and one that is stated.
std::vector<OperatorCost> costs() {
  std::vector<OperatorCost> list;
  for (const std::string gpu : {"h100_sxm", "h200_sxm", "l40s"})
    for (const std::string engine : {"vllm", "reference"}) {
      const EngineProfile profile = on_gpu(read_engine_profile(engine, "test"), gpu);
      list.emplace_back(catalogue_gpu(gpu), profile.expert_tiling, profile.efficiency);
    }
  return list;
}

std::int64_t up_to(Random& random, double size, double reach) {
  return random.integer(static_cast<std::int64_t>(size), static_cast<std::int64_t>(size * reach));
}

}  // namespace

TEST_CASE("Least times within reach are never above a time of any sizes there") {
  const Reach reach{1.3, 2.0};
  AttentionWork attention;
  attention.heads = 32, attention.kv_heads = 8, attention.head_dim = 128;
  attention.decode_flops_per_pair = attention.prefill_flops_per_pair = Flops(2.0 * 32 * 256);
  attention.cache_bytes_per_token = attention.prefill_bytes_per_key = Bytes(2.0 * 8 * 256);
  attention.query_bytes_per_token = Bytes(2.0 * 32 * 256);
  ExpertWork experts;
  experts.local_experts = 64, experts.top_k = 4, experts.hidden_size = 2048;
  experts.intermediate_size = 1024;
  experts.flops_per_row = Flops(6.0 * 2048 * 1024);
  experts.weight_bytes_per_expert = Bytes(6.0 * 2048 * 1024);
  experts.activation_bytes_per_row = Bytes(2.0 * (2 * 2048 + 3 * 1024));
  Random random(1, "least");
  for (const OperatorCost& cost : costs()) {
    const OperatorCost least = cost.least_within(reach);
    for (int draw = 0; draw < 3000; ++draw) {
      const auto rows = static_cast<std::int64_t>(random.lognormal(300.0, 4.0)) + 1;
      const std::int64_t more = up_to(random, static_cast<double>(rows), reach.rows);
      const std::int64_t n = 64 * random.integer(1, 200), k = 64 * random.integer(1, 200);
      const Gemm gemm{"test", Part::dense_gemm, n, k, Precision::bf16, Precision::bf16};
      REQUIRE(least.gemm(gemm, rows) <= cost.gemm(gemm, more) * kSame);
      const Bytes moved(static_cast<double>(rows) * 4096.0), more_moved(static_cast<double>(more) * 4096.0);
      REQUIRE(least.elementwise(3.0, moved) <= cost.elementwise(3.0, more_moved) * kSame);

      const double context = static_cast<double>(rows) * random.lognormal(1000.0, 2.0);
      const double longer = context * (1.0 + random.uniform() * (reach.depth - 1.0));
      REQUIRE(least.decode_attention(attention, rows, context) <=
              cost.decode_attention(attention, more, longer) * kSame);

      const std::int64_t reads = random.integer(1, std::min<std::int64_t>(rows, 64));
      const std::int64_t more_reads = up_to(random, static_cast<double>(reads), reach.depth);
      const double tiled = static_cast<double>(more + more_reads * random.integer(0, 15));
      REQUIRE(least.experts(experts, static_cast<double>(rows), static_cast<double>(rows), reads) <=
              cost.experts(experts, static_cast<double>(more), tiled, more_reads) * kSame);
    }
  }
}

TEST_CASE("Attention of any prompts takes at least its straight line of tokens and pairs") {
  AttentionWork attention;
  attention.heads = 32, attention.kv_heads = 8, attention.head_dim = 128;
  attention.prefill_flops_per_pair = Flops(2.0 * 32 * 256);
  attention.prefill_bytes_per_key = Bytes(2.0 * 8 * 256);
  attention.query_bytes_per_token = Bytes(2.0 * 32 * 256);
  Random random(2, "least");
  for (const OperatorCost& cost : costs()) {
    const OperatorCost::LeastPrompts least = cost.least_prefill_attention(attention);
    for (int draw = 0; draw < 3000; ++draw) {
      const auto tokens = static_cast<std::int64_t>(random.lognormal(500.0, 3.0)) + 1;
      const double queries = static_cast<double>(tokens), context = random.lognormal(1000.0, 3.0) - 1.0;
      const double pairs = queries * std::max(context, 0.0) + 0.5 * queries * (queries + 1.0);
      const Seconds line = least.fixed + least.each_token * queries + least.each_pair * pairs;
      REQUIRE(line <=
              cost.prefill_attention(attention, pairs, queries + std::max(context, 0.0), tokens) * kSame);
    }
  }
}

TEST_CASE("Least times within no reach are the times themselves, and little reach loses little") {
  const Gemm gemm{"test", Part::dense_gemm, 4096, 4096, Precision::bf16, Precision::bf16};
  for (const OperatorCost& cost : costs()) {
    const OperatorCost same = cost.least_within({1.0, 1.0}), near = cost.least_within({1.05, 1.0});
    for (const std::int64_t rows : {1, 17, 300, 5000}) {
      REQUIRE(same.gemm(gemm, rows) == cost.gemm(gemm, rows));
      REQUIRE(near.gemm(gemm, rows) >= cost.gemm(gemm, rows) * 0.85);
    }
  }
}
