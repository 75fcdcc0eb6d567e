// One layer, operator by operator.
#include "sim/plan/layer_times.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "sim/base/ensure.hpp"
#include "sim/plan/cache_blocks.hpp"

namespace switchyard {
namespace {

std::int64_t sum_of(const std::vector<std::int64_t>& contexts) {
  return std::accumulate(contexts.begin(), contexts.end(), std::int64_t{0});
}

/// Tokens in the cache that some query of the chunk reads.
std::int64_t context_seen(const PrefillChunk& chunk, const AttentionWork& work) {
  std::int64_t seen = std::min(chunk.context, work.window.value_or(chunk.context));
  if (work.selected) seen = std::min(seen, *work.selected * chunk.tokens);
  return seen;
}

/// Makes the value of a number of tokens, unless the last in its slot was of that number.
template <class Remembered, class Make>
auto remembered(std::vector<Remembered>& slots, std::int64_t tokens, Make make) {
  constexpr std::size_t kSlots = 1 << 11;  // more than a batch has sequences
  if (slots.empty()) slots.resize(kSlots);
  Remembered& slot = slots[static_cast<std::size_t>(tokens) % kSlots];
  if (slot.tokens != tokens) slot = {tokens, make()};
  return slot.value;
}

/// What bounds the keys of one query.
std::optional<std::int64_t> most_keys(const AttentionWork& work) {
  if (!work.window || !work.selected) return work.window ? work.window : work.selected;
  return std::min(*work.window, *work.selected);
}

}  // namespace

LayerTimes::LayerTimes(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                       const ModelPrecision& precision, const OperatorCost& cost, const EngineProfile& engine,
                       Scope scope)
    : work_(work_of(layer, hidden_size, sharding, precision)),
      hidden_size_(hidden_size),
      cost_(&cost),
      engine_(&engine),
      scope_(scope) {}

std::vector<OperatorTime> LayerTimes::before_attention(std::int64_t tokens) const {
  std::vector<OperatorTime> operators;
  if (tokens == 0 || !work_.mixes_tokens()) return operators;
  add_small("attention_elementwise", engine_->attention, tokens, hidden_size_, operators);
  for (const Gemm& projection : work_.before_attention) add_gemm(projection, tokens, operators);
  if (scope_ == Scope::serving && !measured_cache_writes())
    add_small("kv_cache_write", engine_->serving_layer, tokens, hidden_size_, operators);
  return operators;
}

std::vector<OperatorTime> LayerTimes::after_attention(std::int64_t tokens) const {
  std::vector<OperatorTime> operators;
  if (tokens > 0 && work_.output_projection) add_gemm(*work_.output_projection, tokens, operators);
  return operators;
}

std::vector<OperatorTime> LayerTimes::ffn(std::int64_t tokens) const {
  std::vector<OperatorTime> operators;
  if (tokens == 0 || !work_.has_ffn()) return operators;
  add_small("ffn_elementwise", engine_->ffn, tokens, hidden_size_, operators);
  add_gated(work_.dense_ffn, tokens, operators);
  if (work_.gate) add_gemm(*work_.gate, tokens, operators);
  add_gated(work_.shared_expert, tokens, operators);
  for (const Gemm& projection : work_.latent_projection) add_gemm(projection, tokens, operators);
  return operators;
}

Seconds LayerTimes::shared_expert_time(std::int64_t tokens) const {
  if (tokens == 0 || work_.shared_expert.empty()) return Seconds(0.0);
  const auto sum = [&] {
    std::vector<OperatorTime> operators;
    add_gated(work_.shared_expert, tokens, operators);
    Seconds time;
    for (const OperatorTime& op : operators) time += op.time;
    return time;
  };
  return remembered(remembered_shared_, tokens, sum);
}

Breakdown LayerTimes::token_breakdown(std::int64_t tokens) const {
  return remembered(remembered_, tokens, [&] { return sum_of_operators(tokens); });
}

Breakdown LayerTimes::sum_of_operators(std::int64_t tokens) const {
  Breakdown sum;
  for (const auto& operators : {before_attention(tokens), after_attention(tokens), ffn(tokens)})
    for (const OperatorTime& op : operators) sum[op.part] += op.time;
  return sum;
}

Seconds LayerTimes::small_time(const SmallKernels& small, std::int64_t rows, std::int64_t width) const {
  const Bytes tensor =
      static_cast<double>(rows) * static_cast<double>(width) * bytes_per_element(Precision::bf16);
  const std::optional<Seconds> norm =
      small.norms > 0.0 ? cost_->kernels().norm.at({rows, width, {}}) : std::nullopt;
  if (!norm) return cost_->elementwise(small.kernels, small.passes * tensor);
  return small.norms * *norm +
         cost_->elementwise(small.kernels - small.norms, (small.passes - 2.0 * small.norms) * tensor);
}

void LayerTimes::add_small(std::string_view name, const SmallKernels& kernels, std::int64_t rows,
                           std::int64_t width, std::vector<OperatorTime>& operators) const {
  if (kernels.kernels > 0.0) operators.push_back({name, Part::elementwise, small_time(kernels, rows, width)});
}

Seconds LayerTimes::activation_time(std::int64_t rows, std::int64_t width) const {
  const MeasuredKernels& measured = cost_->kernels();
  std::optional<Seconds> time;
  if (engine_->torch_kernels) time = measured.torch_activation.at({rows, width, {}});
  else if (engine_->activation.kernels == 1.0) time = measured.activation.at({rows, width, {}});
  return time ? *time : small_time(engine_->activation, rows, width);
}

void LayerTimes::add_gemm(const Gemm& gemm, std::int64_t tokens, std::vector<OperatorTime>& operators) const {
  operators.push_back({gemm.name, gemm.part, cost_->gemm(gemm, tokens)});
}

/// With the activation between; nothing without products.
void LayerTimes::add_gated(const std::vector<Gemm>& up_and_down, std::int64_t tokens,
                           std::vector<OperatorTime>& operators) const {
  if (up_and_down.empty()) return;
  add_gemm(up_and_down[0], tokens, operators);
  if (engine_->activation.kernels > 0.0)
    operators.push_back({"activation", Part::elementwise, activation_time(tokens, up_and_down[1].k)});
  add_gemm(up_and_down[1], tokens, operators);
}

template <class Visit>
void LayerTimes::visit_attention(const RankBatch& batch, Visit visit) const {
  if (scope_ == Scope::serving && work_.experts && !batch.decode_contexts.empty() &&
      engine_->serving_moe.kernels > 0.0)
    visit({"expert_statistics", Part::gate, small_time(engine_->serving_moe, batch.decodes(), hidden_size_)});
  if (work_.state) visit({"linear_attention", Part::attention, state_time(batch)});
  if (!work_.attention) return;
  if (const auto write = torch_cache_write_time(batch)) visit({"kv_cache_write", Part::elementwise, *write});
  if (!batch.decode_contexts.empty()) {
    if (work_.indexer) visit({"decode_indexer", Part::attention, decode_time(*work_.indexer, batch)});
    visit({"decode_attention", Part::attention, decode_time(*work_.attention, batch)});
    visit({"decode_reduction", Part::attention, reduction_time(batch)});
  }
  if (!batch.prefills.empty()) {
    if (const Seconds expansion = expansion_time(batch); expansion > Seconds(0.0))
      visit({"context_expansion", Part::dense_gemm, expansion});
    if (work_.indexer) visit({"prefill_indexer", Part::attention, prefill_time(*work_.indexer, batch)});
    visit({"prefill_attention", Part::attention, prefill_time(*work_.attention, batch)});
  }
}

std::vector<OperatorTime> LayerTimes::attention_operators(const RankBatch& batch) const {
  std::vector<OperatorTime> operators;
  visit_attention(batch, [&](const OperatorTime& op) { operators.push_back(op); });
  return operators;
}

Breakdown LayerTimes::attention_breakdown(const RankBatch& batch) const {
  Breakdown sum;
  visit_attention(batch, [&](const OperatorTime& op) { sum[op.part] += op.time; });
  return sum;
}

const LayerTimes::ExpertTime& LayerTimes::experts(std::int64_t rows, std::int64_t tiled_rows,
                                                  std::int64_t reads) const {
  constexpr std::size_t kSlots = 1 << 12;
  if (remembered_experts_.empty()) remembered_experts_.resize(kSlots);
  ensure(std::max({rows, tiled_rows, reads}) <= std::numeric_limits<std::uint32_t>::max(),
         "a rank's assignments in a step are counted in 32 bits");
  const auto few_rows = static_cast<std::uint32_t>(rows), few_tiled = static_cast<std::uint32_t>(tiled_rows),
             few_reads = static_cast<std::uint32_t>(reads);
  RememberedExperts& last = remembered_experts_[(few_rows + 29 * few_tiled + 61 * few_reads) % kSlots];
  if (last.rows != few_rows || last.tiled_rows != few_tiled || last.reads != few_reads)
    last = {few_rows, few_tiled, few_reads, expert_time(rows, tiled_rows, reads)};
  return last.time;
}

LayerTimes::ExpertTime LayerTimes::expert_time(std::int64_t rows, std::int64_t tiled_rows,
                                               std::int64_t reads) const {
  if (reads == 0) return {};
  return {cost_->experts(*work_.experts, static_cast<double>(rows), static_cast<double>(tiled_rows), reads),
          activation_time(rows, work_.experts->intermediate_size)};
}

Seconds LayerTimes::routing(std::int64_t tokens) const {
  if (tokens == 0) return Seconds(0.0);
  std::optional<Seconds> time;
  if (engine_->torch_kernels && work_.gate)
    time = cost_->kernels().torch_routing.at({tokens, work_.gate->n, work_.experts->top_k, {}});
  return time ? *time : engine_->moe_routing_time;
}

Seconds LayerTimes::permutation(std::int64_t tokens) const {
  if (tokens == 0) return Seconds(0.0);
  if (engine_->torch_kernels) {
    const ExpertWork& work = *work_.experts;
    if (const auto time = cost_->kernels().torch_permutation.at({tokens, work.top_k, work.hidden_size, {}}))
      return *time;
  }
  const Bytes rows = static_cast<double>(tokens * work_.experts->top_k) * expert_row_bytes();
  return cost_->elementwise(engine_->moe.kernels, engine_->moe.passes * rows);
}

Seconds LayerTimes::decode_time(const AttentionWork& work, const RankBatch& batch) const {
  std::int64_t context = 0;
  if (const auto most = most_keys(work)) {
    for (std::int64_t seen : batch.decode_contexts) context += std::min(seen, *most);
  } else {
    context = sum_of(batch.decode_contexts);
  }
  const DecodeReduction& kernels = engine_->decode_reduction;
  Seconds time = cost_->decode_attention(work, batch.decodes(), static_cast<double>(context));
  if (scope_ == Scope::serving && kernels.slots) time = time * cost_->gpu().profile.slotted_cache;
  if (kernels.token_time == Seconds(0.0) || !kernels.thread_blocks || most_keys(work)) return time;
  return decode_time_by_blocks(batch, work.kv_heads, time);
}

Seconds LayerTimes::decode_time_by_blocks(const RankBatch& batch, std::int64_t kv_heads,
                                          Seconds equal) const {
  const DecodeReduction& kernels = engine_->decode_reduction;
  const std::vector<std::int64_t>& contexts = batch.decode_contexts;
  const std::int64_t sum = sum_of(contexts);
  const std::int64_t mean = sum / batch.decodes();
  CacheBlocks blocks{kv_heads, parts_of(batch, kv_heads), *kernels.thread_blocks};
  CacheBlocks of_table{kv_heads, kernels.parts_of(batch.decodes(), kv_heads, mean), *kernels.thread_blocks};
  const bool alike = std::all_of(contexts.begin(), contexts.end(), [&](auto c) { return c == contexts[0]; });
  const Seconds overhead = cost_->gpu().profile.kernel_overhead;
  const Seconds at_work = equal - overhead;
  if ((alike && blocks.parts == of_table.parts) || at_work <= Seconds(0.0)) return equal;
  const CacheReading reading{kernels.token_time, static_cast<double>(sum * kv_heads) / at_work.value()};
  const std::vector<std::int64_t> as_measured(contexts.size(), mean);
  return overhead +
         at_work * (reading_time(contexts, blocks, reading) / reading_time(as_measured, of_table, reading));
}

std::int64_t LayerTimes::parts_of(const RankBatch& batch, std::int64_t kv_heads) const {
  const DecodeReduction& kernels = engine_->decode_reduction;
  if (scope_ == Scope::serving && kernels.serving_parts)
    return kernels.parts_in_serving(batch.decodes() + batch.padding, kv_heads);
  return kernels.parts_of(batch.decodes(), kv_heads, sum_of(batch.decode_contexts) / batch.decodes());
}

std::optional<Seconds> LayerTimes::torch_prompt_time(const AttentionWork& work,
                                                     const RankBatch& batch) const {
  if (!engine_->torch_kernels || work.kind != AttentionWork::Kind::grouped_query || work.bidirectional)
    return std::nullopt;
  Seconds sum;
  for (const PrefillChunk& chunk : batch.prefills) {
    const auto most = most_keys(work);
    if (chunk.context > 0 || (most && *most < chunk.tokens)) return std::nullopt;
    const auto time = cost_->kernels().torch_prompt_attention.at(
        {chunk.tokens, work.heads, work.kv_heads, work.head_dim, {}});
    if (!time) return std::nullopt;
    sum += *time;
  }
  return sum;
}

bool LayerTimes::measured_cache_writes() const {
  const OperatorTables& tables = *cost_->gpu().profile.tables;
  return engine_->torch_kernels && work_.attention && !tables.torch_cache_write.empty() &&
         !tables.torch_prompt_write.empty();
}

std::optional<Seconds> LayerTimes::torch_cache_write_time(const RankBatch& batch) const {
  if (scope_ != Scope::serving || !measured_cache_writes()) return std::nullopt;
  const auto of_tokens = [&](std::int64_t tokens) {
    return HeadsPoint{
        tokens, work_.attention->heads, work_.attention->kv_heads, work_.attention->head_dim, {}};
  };
  Seconds sum;
  if (const std::int64_t rows = batch.decodes() + batch.padding; rows > 0)
    sum += *cost_->kernels().torch_cache_write.at(of_tokens(rows));
  for (const PrefillChunk& chunk : batch.prefills)
    sum += *cost_->kernels().torch_prompt_write.at(of_tokens(chunk.tokens));
  return sum;
}

Seconds LayerTimes::reduction_time(const RankBatch& batch) const {
  const DecodeReduction& reduction = engine_->decode_reduction;
  const AttentionWork& work = *work_.attention;
  if (engine_->torch_kernels) {
    const std::int64_t rows = batch.decodes() + batch.padding;
    if (const auto time = cost_->kernels().torch_reduction.at(
            {rows, parts_of(batch, work.kv_heads), work.heads, work.kv_heads, work.head_dim, {}}))
      return *time;
  }
  return cost_->elementwise(reduction.kernels_of(batch.decodes(), work.kv_heads), Bytes(0.0));
}

Seconds LayerTimes::prefill_time(const AttentionWork& work, const RankBatch& batch) const {
  if (const auto time = torch_prompt_time(work, batch)) return *time;
  double pairs = 0.0, keys = 0.0;
  std::int64_t tokens = 0;
  for (const PrefillChunk& chunk : batch.prefills) {
    const auto all = static_cast<double>(chunk.context + chunk.tokens);
    pairs +=
        work.bidirectional ? static_cast<double>(chunk.tokens) * all : causal_pairs(chunk, most_keys(work));
    keys += static_cast<double>(context_seen(chunk, work) + chunk.tokens);
    tokens += chunk.tokens;
  }
  return cost_->prefill_attention(work, pairs, keys, tokens);
}

Seconds LayerTimes::expansion_time(const RankBatch& batch) const {
  if (!work_.context_expansion) return Seconds(0.0);
  std::int64_t latents = 0;
  for (const PrefillChunk& chunk : batch.prefills) latents += context_seen(chunk, *work_.attention);
  return cost_->gemm(*work_.context_expansion, latents);
}

Seconds LayerTimes::state_time(const RankBatch& batch) const {
  return cost_->linear_attention(*work_.state, batch.decodes(), batch.prefill_tokens());
}

double causal_pairs(const PrefillChunk& chunk, std::optional<std::int64_t> window) {
  const auto sum_to = [](std::int64_t n) {
    return 0.5 * static_cast<double>(n) * static_cast<double>(n + 1);
  };
  const std::int64_t last = chunk.context + chunk.tokens;
  if (!window || last <= *window) return sum_to(last) - sum_to(chunk.context);
  const std::int64_t growing =
      std::max<std::int64_t>(0, *window - chunk.context);  // queries that still see everything
  return sum_to(chunk.context + growing) - sum_to(chunk.context) +
         static_cast<double>(chunk.tokens - growing) * static_cast<double>(*window);
}

}  // namespace switchyard
