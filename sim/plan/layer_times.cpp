// One layer, operator by operator.
#include "sim/plan/layer_times.hpp"

#include <algorithm>

namespace switchyard {
namespace {

constexpr std::size_t kMostRemembered = 1 << 16;  // tokens of a step: 5 MiB a kind of layer

/// Tokens in the cache that some query of the chunk reads.
std::int64_t context_seen(const PrefillChunk& chunk, const AttentionWork& work) {
  std::int64_t seen = std::min(chunk.context, work.window.value_or(chunk.context));
  if (work.selected) seen = std::min(seen, *work.selected * chunk.tokens);
  return seen;
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
      hidden_bytes_(static_cast<double>(hidden_size) * bytes_per_element(Precision::bf16)),
      cost_(&cost),
      engine_(&engine),
      scope_(scope) {}

std::vector<OperatorTime> LayerTimes::before_attention(std::int64_t tokens) const {
  std::vector<OperatorTime> operators;
  if (tokens == 0 || !work_.mixes_tokens()) return operators;
  const Bytes hidden = static_cast<double>(tokens) * hidden_bytes_;
  add_small("attention_elementwise", engine_->attention, hidden, operators);
  for (const Gemm& projection : work_.before_attention) add_gemm(projection, tokens, operators);
  if (scope_ == Scope::serving) add_small("kv_cache_write", engine_->serving_layer, hidden, operators);
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
  add_small("ffn_elementwise", engine_->ffn, static_cast<double>(tokens) * hidden_bytes_, operators);
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
  const auto index = static_cast<std::size_t>(tokens);
  if (index > kMostRemembered) return sum();
  if (index >= remembered_shared_.size()) remembered_shared_.resize(index + 1);
  if (!remembered_shared_[index]) remembered_shared_[index] = sum();
  return *remembered_shared_[index];
}

Breakdown LayerTimes::token_breakdown(std::int64_t tokens) const {
  const auto index = static_cast<std::size_t>(tokens);
  if (index > kMostRemembered) return sum_of_operators(tokens);
  if (index >= remembered_.size()) remembered_.resize(index + 1);
  if (!remembered_[index]) remembered_[index] = sum_of_operators(tokens);
  return *remembered_[index];
}

Breakdown LayerTimes::sum_of_operators(std::int64_t tokens) const {
  Breakdown sum;
  for (const auto& operators : {before_attention(tokens), after_attention(tokens), ffn(tokens)})
    for (const OperatorTime& op : operators) sum[op.part] += op.time;
  return sum;
}

void LayerTimes::add_small(std::string_view name, const SmallKernels& kernels, Bytes tensor,
                           std::vector<OperatorTime>& operators) const {
  if (kernels.kernels > 0.0) {
    operators.push_back(
        {name, Part::elementwise, cost_->elementwise(kernels.kernels, kernels.passes * tensor)});
  }
}

void LayerTimes::add_gemm(const Gemm& gemm, std::int64_t tokens, std::vector<OperatorTime>& operators) const {
  operators.push_back({gemm.name, gemm.part, cost_->gemm(gemm, tokens)});
}

/// With the activation between; nothing without products.
void LayerTimes::add_gated(const std::vector<Gemm>& up_and_down, std::int64_t tokens,
                           std::vector<OperatorTime>& operators) const {
  if (up_and_down.empty()) return;
  const Bytes width = static_cast<double>(tokens * up_and_down[1].k) * bytes_per_element(Precision::bf16);
  add_gemm(up_and_down[0], tokens, operators);
  add_small("activation", engine_->activation, width, operators);
  add_gemm(up_and_down[1], tokens, operators);
}

template <class Visit>
void LayerTimes::visit_attention(const RankBatch& batch, Visit visit) const {
  if (work_.state) visit({"linear_attention", Part::attention, state_time(batch)});
  if (!work_.attention) return;
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

LayerTimes::ExpertTime LayerTimes::experts(double rows, double tiled_rows, std::int64_t active) const {
  if (active == 0) return {};
  const Bytes activation =
      rows * static_cast<double>(work_.experts->intermediate_size) * bytes_per_element(Precision::bf16);
  return {cost_->experts(*work_.experts, rows, tiled_rows, active),
          cost_->elementwise(engine_->activation.kernels, engine_->activation.passes * activation)};
}

Seconds LayerTimes::routing(std::int64_t tokens) const {
  return tokens == 0 ? Seconds(0.0) : engine_->moe_routing_time;
}

Seconds LayerTimes::permutation(std::int64_t tokens) const {
  if (tokens == 0) return Seconds(0.0);
  const Bytes rows = static_cast<double>(tokens * work_.experts->top_k) * expert_row_bytes();
  return cost_->elementwise(engine_->moe.kernels, engine_->moe.passes * rows);
}

Seconds LayerTimes::decode_time(const AttentionWork& work, const RankBatch& batch) const {
  std::int64_t context = 0;
  if (const auto most = most_keys(work)) {
    for (std::int64_t seen : batch.decode_contexts) context += std::min(seen, *most);
  } else {
    for (std::int64_t seen : batch.decode_contexts) context += seen;
  }
  return cost_->decode_attention(work, batch.decodes(), static_cast<double>(context));
}

Seconds LayerTimes::reduction_time(const RankBatch& batch) const {
  return cost_->elementwise(engine_->decode_reduction.kernels_of(batch.decodes(), work_.attention->kv_heads),
                            Bytes(0.0));
}

Seconds LayerTimes::prefill_time(const AttentionWork& work, const RankBatch& batch) const {
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
