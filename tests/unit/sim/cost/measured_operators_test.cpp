// A measured row is the same operator as a layer of those sizes has, of the same shape.
#include "sim/cost/measured_operators.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace switchyard;
using namespace switchyard::literals;

namespace {

Gpu fp8_gpu() {
  Gpu gpu;
  gpu.peak[Precision::bf16] = 1000_TFLOPS;
  gpu.peak[Precision::fp8] = 2000_TFLOPS;
  return gpu;
}

/// DeepSeek-V3's attention.
Layer latent_layer() {
  Layer layer;
  layer.attention.emplace();
  layer.attention->num_attention_heads = layer.attention->num_key_value_heads = 128;
  layer.attention->head_dim = 192;
  layer.attention->latent = LatentAttention{1536, 512, 128, 64, 128};
  return layer;
}

/// Experts of 1024, cut by two; 32 heads on 4 KV heads.
Layer moe_layer() {
  Layer layer;
  layer.attention.emplace();
  layer.attention->num_attention_heads = 32;
  layer.attention->num_key_value_heads = 4;
  layer.attention->head_dim = 128;
  MoeFfn& moe = layer.moe.emplace();
  moe.gate.num_experts = 64;
  moe.gate.num_experts_per_tok = 8;
  moe.expert.intermediate_size = 1024;
  return layer;
}

ModelPrecision fp8_everywhere() {
  ModelPrecision precision;
  precision.weights = PrecisionByRole::all(Precision::fp8_block);
  precision.activations = PrecisionByRole::all(Precision::fp8);
  precision.kv_cache = Precision::fp8;
  return precision;
}

}  // namespace

TEST_CASE("A row of a table of products is the product with the activations that the GPU takes", "[cost]") {
  const LayerWork layer = work_of(moe_layer(), 2048, {}, fp8_everywhere());
  const Gemm& qkv = layer.before_attention[0];
  GemmPoint point{64, (32 + 2 * 4) * 128, 2048, Precision::fp8_block, 9_us};
  CHECK(shape_of(work_of(point, fp8_gpu())) == shape_of(qkv));
  point.precision = Precision::int4;
  CHECK(work_of(point, fp8_gpu()).activations == Precision::bf16);
}

TEST_CASE("A row of grouped products is the experts of a rank", "[cost]") {
  Sharding sharding;
  sharding.expert_tensor = 2;
  const ExpertWork layer = *work_of(moe_layer(), 2048, sharding, fp8_everywhere()).experts;
  const ExpertWork row = work_of(GroupedGemmPoint{64, 8, 2048, 512, Precision::fp8_block, 9_us}, fp8_gpu());
  CHECK(shape_of(row) == shape_of(layer));
  CHECK(row.flops_per_row == layer.flops_per_row);
  CHECK(row.weight_bytes_per_expert == layer.weight_bytes_per_expert);
  CHECK(row.activation_bytes_per_row == layer.activation_bytes_per_row);
  Layer plain = moe_layer();
  plain.moe->expert.gated = false;
  CHECK(shape_of(row) != shape_of(*work_of(plain, 2048, sharding, fp8_everywhere()).experts));
}

TEST_CASE("A row of attention is the attention of a rank", "[cost]") {
  Sharding sharding;
  sharding.tensor = 2;
  const AttentionWork layer = *work_of(moe_layer(), 2048, sharding, fp8_everywhere()).attention;
  const AttentionWork prefill = work_of(PrefillAttentionPoint{512, 0, 16, 2, 128, Precision::fp8, 9_us});
  CHECK(shape_of(prefill) == shape_of(layer));
  CHECK(prefill.prefill_flops_per_pair == layer.prefill_flops_per_pair);
  CHECK(prefill.prefill_bytes_per_key == layer.prefill_bytes_per_key);
  CHECK(prefill.query_bytes_per_token == layer.query_bytes_per_token);
  const auto decode = works_of(DecodeAttentionPoint{8, 1000, 16, 2, 128, Precision::fp8, 9_us});
  REQUIRE(decode.size() == 1);
  CHECK(shape_of(decode[0]) == shape_of(layer));
  CHECK(decode[0].decode_flops_per_pair == layer.decode_flops_per_pair);
  CHECK(decode[0].cache_bytes_per_token == layer.cache_bytes_per_token);
}

TEST_CASE("A row of decode attention on one KV head is also that of a latent", "[cost]") {
  Sharding sharding;
  sharding.tensor = 8;
  const AttentionWork layer = *work_of(latent_layer(), 7168, sharding, fp8_everywhere()).attention;
  const auto works = works_of(DecodeAttentionPoint{8, 1000, 16, 1, 576, Precision::fp8, 9_us});
  REQUIRE(works.size() == 2);
  CHECK(works[0].kind == AttentionWork::Kind::grouped_query);
  CHECK(shape_of(works[1]) == shape_of(layer));
  CHECK(works[1].decode_flops_per_pair == layer.decode_flops_per_pair);
  CHECK(works[1].cache_bytes_per_token == layer.cache_bytes_per_token);
  CHECK(works[1].query_bytes_per_token == layer.query_bytes_per_token);
}

TEST_CASE("Attention that differs in kind, cache, heads, KV heads or dimension is of another shape",
          "[cost]") {
  using Kind = AttentionWork::Kind;
  const auto shape = [](Kind kind, Precision cache, std::int64_t heads, std::int64_t kv_heads,
                        std::int64_t head_dim) {
    AttentionWork work;
    work.kind = kind;
    work.kv_cache = cache;
    work.heads = heads;
    work.kv_heads = kv_heads;
    work.head_dim = head_dim;
    return shape_of(work);
  };
  const std::set<AttentionShape> shapes = {shape(Kind::grouped_query, Precision::bf16, 32, 8, 128),
                                           shape(Kind::latent, Precision::bf16, 32, 8, 128),
                                           shape(Kind::grouped_query, Precision::fp8, 32, 8, 128),
                                           shape(Kind::grouped_query, Precision::bf16, 16, 8, 128),
                                           shape(Kind::grouped_query, Precision::bf16, 32, 4, 128),
                                           shape(Kind::grouped_query, Precision::bf16, 32, 8, 64)};
  CHECK(shapes.size() == 6);
}

TEST_CASE("Rows that are spread evenly are padded expert by expert", "[cost]") {
  const auto padded = [](std::int64_t rows, std::int64_t experts, std::int64_t tile) {
    return tiled_rows({rows, experts, 1, 1, Precision::bf16, 1_us}, tile);
  };
  CHECK(padded(20, 8, 1) == 20);
  CHECK(padded(20, 8, 4) == 8 * 4);
  CHECK(padded(36, 8, 4) == 4 * 8 + 4 * 4);  // four experts have five rows, four have four
  CHECK(padded(8, 8, 64) == 8 * 64);
  CHECK(padded(512, 8, 64) == 512);
}

TEST_CASE("What of a shape lies between measured ones is its sizes; formats and kinds are not", "[cost]") {
  const auto gemm = [](Precision weights, std::int64_t n) {
    return place_of(GemmShape{weights, Precision::bf16, n, 1024});
  };
  CHECK(gemm(Precision::bf16, 512).kind == gemm(Precision::bf16, 4096).kind);
  CHECK(gemm(Precision::bf16, 512).logs != gemm(Precision::bf16, 4096).logs);
  CHECK(gemm(Precision::bf16, 512).kind != gemm(Precision::fp4, 512).kind);
  const auto expert = [](bool gated, std::int64_t intermediate_size) {
    return place_of(ExpertShape{Precision::bf16, Precision::bf16, gated, 2048, intermediate_size});
  };
  CHECK(expert(true, 512).kind == expert(true, 768).kind);
  CHECK(expert(true, 512).kind != expert(false, 512).kind);
  const auto attention = [](AttentionWork::Kind kind, Precision cache, std::int64_t heads,
                            std::int64_t kv_heads) {
    return place_of(AttentionShape{kind, cache, heads, kv_heads, 128});
  };
  using Kind = AttentionWork::Kind;
  const ShapePlace plain = attention(Kind::grouped_query, Precision::bf16, 32, 8);
  CHECK(plain.kind != attention(Kind::latent, Precision::bf16, 32, 8).kind);
  CHECK(plain.kind != attention(Kind::grouped_query, Precision::fp8, 32, 8).kind);
  // Half of the heads on half of the KV heads, as a tensor rank has them, differ in one size.
  const ShapePlace half = attention(Kind::grouped_query, Precision::bf16, 16, 4);
  CHECK(half.kind == plain.kind);
  CHECK(half.logs[0] != plain.logs[0]);
  CHECK(half.logs[1] == plain.logs[1]);
  CHECK(half.logs[2] == plain.logs[2]);
}
