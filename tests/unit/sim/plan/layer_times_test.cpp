// Attention's pairs in closed form, and what a layer's time is made of.
#include <catch2/catch.hpp>

#include "sim/plan/layer_times.hpp"
#include "workloads/catalogue.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

double counted_pairs(const PrefillChunk& chunk, std::optional<std::int64_t> window) {
  double pairs = 0.0;
  for (std::int64_t i = 0; i < chunk.tokens; ++i) {
    const std::int64_t keys = chunk.context + i + 1;
    pairs += static_cast<double>(window ? std::min(keys, *window) : keys);
  }
  return pairs;
}

struct Fixture {
  Architecture model = read_model(Json("llama-3.1-8b"), Json(), ".", "test");
  OperatorCost cost{read_gpu(Json("h100_sxm"), ".", "test")};
  EngineProfile engine = read_engine_profile("vllm", "test");

  LayerTimes layer(Scope scope) const { return layer(model, scope); }
  LayerTimes layer(const Architecture& of, Scope scope) const {
    return LayerTimes(of.layers[0], of.hidden_size, {}, {}, cost, engine, scope);
  }
};

}  // namespace

TEST_CASE("Causal pairs are counted in closed form, with and without a window", "[plan]") {
  CHECK(causal_pairs({5, 0}, std::nullopt) == 15.0);
  CHECK(causal_pairs({3, 10}, std::nullopt) == 11.0 + 12 + 13);
  CHECK(causal_pairs({5, 0}, 2) == 1.0 + 2 * 4);
  for (std::int64_t tokens : {1, 2, 7, 100})
    for (std::int64_t context : {0, 1, 5, 64, 300})
      for (std::optional<std::int64_t> window : {std::optional<std::int64_t>(), {1}, {6}, {64}, {10000}}) {
        INFO(tokens << " tokens after " << context << ", window " << window.value_or(0));
        CHECK(causal_pairs({tokens, context}, window) == counted_pairs({tokens, context}, window));
      }
}

TEST_CASE("A prompt in chunks has the pairs of the whole prompt", "[plan]") {
  CHECK(causal_pairs({300, 0}, 128) + causal_pairs({212, 300}, 128) == causal_pairs({512, 0}, 128));
}

TEST_CASE("A layer's operators sum to its breakdown", "[plan]") {
  const Fixture fixture;
  const LayerTimes layer = fixture.layer(Scope::serving);
  for (std::int64_t tokens : {0, 1, 100, 3000}) {
    Breakdown sum;
    for (const auto& operators :
         {layer.before_attention(tokens), layer.after_attention(tokens), layer.ffn(tokens)})
      for (const OperatorTime& op : operators) sum[op.part] += op.time;
    CHECK(layer.token_breakdown(tokens).parts == sum.parts);
  }
  RankBatch batch;
  batch.decode_contexts = {10, 500};
  batch.prefills = {{100, 0}};
  Breakdown sum;
  for (const OperatorTime& op : layer.attention_operators(batch)) sum[op.part] += op.time;
  CHECK(layer.attention_breakdown(batch).parts == sum.parts);
  CHECK(layer.attention_breakdown(RankBatch{}).total() == 0_s);
  CHECK(layer.token_breakdown(0).total() == 0_s);
}

TEST_CASE("Cached latents of a prompt become keys and values again: as one more product of as many rows",
          "[plan]") {
  const Fixture fixture;
  const Architecture deepseek = read_model(Json("deepseek-v3"), Json(), ".", "test");
  const LayerTimes layer = fixture.layer(deepseek, Scope::step);
  RankBatch batch;
  batch.prefills = {{512, 60000}};
  const Seconds expansion = layer.attention_breakdown(batch)[Part::dense_gemm];
  CHECK(expansion == fixture.cost.gemm(*layer.work().context_expansion, 60000));
  CHECK(expansion > 2_ms);  // 2 x 60000 x 512 x 32768 operations in bf16
  batch.prefills = {{512, 0}};
  CHECK(layer.attention_breakdown(batch)[Part::dense_gemm] == 0_s);
  batch.prefills = {{512, 60000}};
  CHECK(fixture.layer(Scope::step).attention_breakdown(batch)[Part::dense_gemm] == 0_s);
}

TEST_CASE("A layer takes the measured times of its operators: a chunk, a decode and a product", "[plan]") {
  Gpu gpu = read_gpu(Json("h100_sxm"), ".", "test");
  gpu.profile.tables.own().prefill_attention = {{512, 3000, 32, 8, 128, Precision::bf16, 111_us}};
  gpu.profile.tables.own().decode_attention = {{3, 700, 32, 8, 128, Precision::bf16, 22_us}};
  gpu.profile.tables.own().gemm = {{100, 6144, 4096, Precision::bf16, 33_us}};
  Fixture fixture;
  fixture.cost = OperatorCost(gpu);
  const LayerTimes layer = fixture.layer(Scope::step);
  RankBatch batch;
  batch.decode_contexts = {600, 700, 800};
  batch.prefills = {{512, 3000}};
  const auto time_of = [](const std::vector<OperatorTime>& operators, std::string_view name) {
    for (const OperatorTime& op : operators)
      if (op.name == name) return op.time.value();
    return 0.0;
  };
  CHECK(time_of(layer.attention_operators(batch), "prefill_attention") == Approx(111e-6).epsilon(1e-9));
  CHECK(time_of(layer.attention_operators(batch), "decode_attention") == Approx(22e-6).epsilon(1e-9));
  CHECK(time_of(layer.before_attention(100), "qkv") == Approx(33e-6).epsilon(1e-9));
}

TEST_CASE("A served layer writes its KV cache, a timed step does not", "[plan]") {
  const Fixture fixture;
  CHECK(fixture.layer(Scope::serving).token_breakdown(8).total() >
        fixture.layer(Scope::step).token_breakdown(8).total());
}

TEST_CASE("A batch one step later sees one more token everywhere", "[plan]") {
  RankBatch batch;
  batch.decode_contexts = {10, 20};
  batch.routed = {{0, 5, 1}, {1, 6, 1}};
  batch.pad_to(4);
  CHECK(batch.tokens() == 4);
  batch.advance();
  CHECK(batch.decode_contexts == std::vector<std::int64_t>{11, 21});
  CHECK(batch.routed[0].position == 6);
  CHECK(batch.routed[1].position == 7);
  CHECK(batch.tokens() == 4);
}

namespace {

RankBatch decodes(std::int64_t sequences, std::int64_t context) {
  RankBatch batch;
  batch.decode_contexts.assign(static_cast<std::size_t>(sequences), context);
  return batch;
}

RankBatch prompt(std::int64_t tokens) {
  RankBatch batch;
  batch.prefills = {{tokens, 0}};
  return batch;
}

}  // namespace

TEST_CASE("Linear attention takes no longer at a long context, and reads a state a sequence", "[plan]") {
  const Fixture fixture;
  const LayerTimes linear =
      fixture.layer(read_model(Json("qwen3.5-397b-a17b"), Json(), ".", "test"), Scope::step);
  const auto time = [&](const RankBatch& batch) {
    return linear.attention_breakdown(batch)[Part::attention];
  };
  CHECK(time(decodes(8, 100)) == time(decodes(8, 100000)));
  CHECK(time(decodes(256, 100)) > 10.0 * time(decodes(8, 100)));
  CHECK(time(prompt(8192)).value() == Approx(2.0 * time(prompt(4096)).value()).epsilon(0.05));
  CHECK(linear.attention_operators(decodes(8, 100)).size() == 1);
}

TEST_CASE("Sparse attention stops growing at its selected keys, but for the indexer", "[plan]") {
  const Fixture fixture;
  const LayerTimes sparse = fixture.layer(read_model(Json("glm-5"), Json(), ".", "test"), Scope::step);
  const auto operators = [&](std::int64_t context) {
    return sparse.attention_operators(decodes(64, context));
  };
  REQUIRE(operators(4096).size() == 3);
  CHECK(operators(4096)[0].name == "decode_indexer");
  CHECK(operators(65536)[0].time > operators(4096)[0].time);
  CHECK(operators(65536)[1].time == operators(4096)[1].time);
  CHECK(operators(2048)[1].time > operators(1024)[1].time);
}

TEST_CASE("An encoder's tokens see each other in both directions", "[plan]") {
  const Fixture fixture;
  Architecture bert = read_model(Json("bert-large"), Json(), ".", "test");
  const auto time = [&] {
    const LayerTimes layer = fixture.layer(bert, Scope::step);
    return layer.attention_breakdown(prompt(100000))[Part::attention].value();
  };
  const double both = time();
  bert.layers[0].attention->bidirectional = false;
  CHECK(both == Approx(2.0 * time()).epsilon(0.01));
}

TEST_CASE("A layer without a mixer or without an FFN has the operators of the other alone", "[plan]") {
  const Fixture fixture;
  const Architecture nemotron = read_model(Json{{"model_type", "nemotron_h"},
                                                {"hybrid_override_pattern", "*-"},
                                                {"hidden_size", 4096},
                                                {"intermediate_size", 8192},
                                                {"num_attention_heads", 32},
                                                {"num_key_value_heads", 8},
                                                {"vocab_size", 1000},
                                                {"max_position_embeddings", 4096}},
                                           Json(), ".", "test");
  REQUIRE(nemotron.layers.size() == 2);
  const auto layer = [&](std::size_t i) {
    return LayerTimes(nemotron.layers[i], 4096, {}, {}, fixture.cost, fixture.engine, Scope::step);
  };
  CHECK(layer(0).ffn(10).empty());
  CHECK(layer(1).before_attention(10).empty());
  CHECK(layer(1).attention_operators(prompt(10)).empty());
  CHECK_FALSE(layer(1).ffn(10).empty());
}

TEST_CASE("An engine of PyTorch's kernels takes their measured times, and stated ones where there are none",
          "[plan]") {
  Gpu gpu = read_gpu(Json("h100_sxm"), ".", "test");
  gpu.profile.tables = {};
  const Seconds own = 123_us;
  const Architecture mixtral = read_model(Json("mixtral-8x7b"), Json(), ".", "test");
  EngineProfile engine = read_engine_profile("reference", "test");
  const auto layer = [&](const OperatorCost& cost) {
    return LayerTimes(mixtral.layers[0], mixtral.hidden_size, {}, {}, cost, engine, Scope::serving);
  };
  RankBatch prompt, decode;
  prompt.prefills = {{256, 0}};
  decode.decode_contexts = {600, 600};
  const OperatorCost stated(gpu, engine.expert_tiling);
  CHECK(layer(stated).routing(64) == engine.moe_routing_time);
  gpu.profile.tables.own().torch_routing = {{64, 8, 2, own}};
  gpu.profile.tables.own().torch_permutation = {{64, 2, 4096, own}};
  gpu.profile.tables.own().torch_prompt_attention = {{256, 32, 8, 128, own}};
  gpu.profile.tables.own().torch_reduction = {{2, 16, 32, 8, 128, own}};
  gpu.profile.tables.own().torch_cache_write = {{2, 32, 8, 128, own}};
  gpu.profile.tables.own().torch_prompt_write = {{256, 32, 8, 128, own}};
  const OperatorCost measured(gpu, engine.expert_tiling);
  const auto time_of = [&](std::string_view name, const RankBatch& batch) {
    for (const OperatorTime& op : layer(measured).attention_operators(batch))
      if (op.name == name) return op.time.value();
    return 0.0;
  };
  CHECK(layer(measured).routing(64).value() == Approx(own.value()));
  CHECK(layer(measured).permutation(64).value() == Approx(own.value()));
  CHECK(time_of("prefill_attention", prompt) == Approx(own.value()));
  CHECK(time_of("kv_cache_write", prompt) == Approx(own.value()));
  CHECK(time_of("kv_cache_write", decode) == Approx(own.value()));
  CHECK(time_of("decode_reduction", decode) == Approx(own.value()));
  prompt.prefills = {{256, 64}};  // after cached tokens: not PyTorch's kernel
  CHECK(time_of("prefill_attention", prompt) != Approx(own.value()));
  engine.torch_kernels = false;
  CHECK(layer(measured).routing(64) == engine.moe_routing_time);
}

TEST_CASE("A measured norm stands for one of the kernels, the others are as they were", "[plan]") {
  Fixture fixture;
  Gpu gpu = fixture.cost.gpu();
  gpu.profile.tables = {};
  const OperatorCost without(gpu);
  gpu.profile.tables.own().norm = {{64, 4096, 50_us}};
  const OperatorCost with(gpu);
  fixture.engine.attention = {2.0, 5.0, 1.0};
  const auto small = [&](const OperatorCost& cost) {
    const LayerTimes layer(fixture.model.layers[0], fixture.model.hidden_size, {}, {}, cost, fixture.engine,
                           Scope::step);
    return layer.before_attention(64).front().time;
  };
  const Bytes tensor(64.0 * 4096.0 * 2.0);
  CHECK(small(without) == without.elementwise(2.0, 5.0 * tensor));
  CHECK(small(with).value() == Approx((50_us + with.elementwise(1.0, 3.0 * tensor)).value()));
}

TEST_CASE(
    "Sequences of unequal length take longer than equal ones of the same sum, by less than the longest alone",
    "[plan]") {
  Fixture fixture;
  fixture.engine.decode_reduction.token_time = Seconds(12e-9);
  fixture.engine.decode_reduction.thread_blocks = 264;
  const LayerTimes layer = fixture.layer(Scope::step);
  const auto time_of = [&](std::vector<std::int64_t> contexts) {
    RankBatch batch;
    batch.decode_contexts = std::move(contexts);
    for (const OperatorTime& op : layer.attention_operators(batch))
      if (op.name == "decode_attention") return op.time;
    return Seconds(0.0);
  };
  std::vector<std::int64_t> equal(128, 600), one_long(128, 588);
  one_long.back() = 600 * 128 - 127 * 588;
  CHECK(time_of(one_long) > time_of(equal) + Seconds(12e-9 * 1000));
  CHECK(time_of(one_long) < time_of(equal) + Seconds(12e-9 * 2200));
  fixture.engine.decode_reduction.token_time = Seconds(0.0);
  CHECK(time_of(one_long) == time_of(equal));
}

TEST_CASE("Served caches are cut into as many parts as the padded batch leaves room for, however short",
          "[plan]") {
  Fixture fixture;
  DecodeReduction& reduction = fixture.engine.decode_reduction;
  reduction.thread_blocks = 264;
  reduction.tokens_of_part = 128;
  reduction.token_time = Seconds(16e-9);
  const auto time_of = [&](Scope scope, std::int64_t padding) {
    RankBatch batch;
    batch.decode_contexts = {600};
    batch.padding = padding;
    const LayerTimes layer = fixture.layer(scope);
    for (const OperatorTime& op : layer.attention_operators(batch))
      if (op.name == "decode_attention") return op.time;
    return Seconds(0.0);
  };
  const Seconds as_in_a_step = time_of(Scope::serving, 0);
  CHECK(as_in_a_step == time_of(Scope::step, 0));
  reduction.serving_parts = 16;
  CHECK(time_of(Scope::serving, 0) < as_in_a_step);   // 64 tokens in each part instead of 192
  CHECK(time_of(Scope::serving, 63) > as_in_a_step);  // one part
  CHECK(time_of(Scope::step, 63) == as_in_a_step);
}

TEST_CASE("A cache in slots slows served decode attention by the GPU's factor, and nothing else", "[plan]") {
  Fixture fixture;
  const auto times_of = [&](double factor, Scope scope) {
    Gpu gpu = fixture.cost.gpu();
    gpu.profile.slotted_cache = factor;
    const OperatorCost cost(gpu);
    const LayerTimes layer(fixture.model.layers[0], fixture.model.hidden_size, {}, {}, cost, fixture.engine,
                           scope);
    RankBatch batch;
    batch.decode_contexts = {600, 600};
    Seconds attention, rest;
    for (const OperatorTime& op : layer.attention_operators(batch))
      (op.name == "decode_attention" ? attention : rest) += op.time;
    return std::pair(attention.value(), rest.value());
  };
  const auto plain = times_of(1.0, Scope::serving);
  CHECK(times_of(1.5, Scope::serving) == plain);  // vllm's caches lie in no slots
  fixture.engine.decode_reduction.slots = true;
  CHECK(times_of(1.5, Scope::serving).first == Approx(1.5 * plain.first));
  CHECK(times_of(1.5, Scope::serving).second == plain.second);
  CHECK(times_of(1.5, Scope::step) == times_of(1.0, Scope::step));
}
