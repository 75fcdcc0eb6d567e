// One layer, operator by operator.
#include "sim/plan/layer_times.hpp"

#include <algorithm>

namespace switchyard {

LayerTimes::LayerTimes(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                       const ModelPrecision& precision, const OperatorCost& cost, const EngineProfile& engine,
                       Scope scope)
    : work_(work_of(layer, hidden_size, sharding, precision)),
      hidden_bytes_(static_cast<double>(hidden_size) * bytes_per_element(Precision::bf16)),
      cost_(&cost),
      engine_(&engine),
      scope_(scope) {}

std::vector<OperatorTime> LayerTimes::token_operators(std::int64_t tokens) const {
  std::vector<OperatorTime> operators;
  if (tokens == 0) return operators;
  const Bytes hidden = static_cast<double>(tokens) * hidden_bytes_;
  const auto small = [&](std::string_view name, const SmallKernels& kernels, Bytes tensor) {
    if (kernels.kernels > 0.0) {
      operators.push_back(
          {name, Part::elementwise, cost_->elementwise(kernels.kernels, kernels.passes * tensor)});
    }
  };
  const auto gemm = [&](const Gemm& g) { operators.push_back({g.name, g.part, cost_->gemm(g, tokens)}); };
  const auto activation = [&](std::int64_t width) {
    small("activation", engine_->activation,
          static_cast<double>(tokens * width) * bytes_per_element(Precision::bf16));
  };

  small("attention_elementwise", engine_->attention, hidden);
  for (const Gemm& projection : work_.before_attention) gemm(projection);
  if (scope_ == Scope::serving) small("kv_cache_write", engine_->serving_layer, hidden);
  gemm(work_.output_projection);
  small("ffn_elementwise", engine_->ffn, hidden);
  if (!work_.dense_ffn.empty()) {
    gemm(work_.dense_ffn[0]);
    activation(work_.dense_intermediate);
    gemm(work_.dense_ffn[1]);
  }
  if (work_.gate) gemm(*work_.gate);
  if (!work_.shared_expert.empty()) {
    gemm(work_.shared_expert[0]);
    activation(work_.shared_expert[1].k);
    gemm(work_.shared_expert[1]);
  }
  return operators;
}

const Breakdown& LayerTimes::token_breakdown(std::int64_t tokens) const {
  const auto index = static_cast<std::size_t>(tokens);
  if (index >= remembered_.size()) remembered_.resize(index + 1);
  if (!remembered_[index]) {
    Breakdown sum;
    for (const OperatorTime& op : token_operators(tokens)) sum[op.part] += op.time;
    remembered_[index] = sum;
  }
  return *remembered_[index];
}

std::vector<OperatorTime> LayerTimes::attention_operators(const RankBatch& batch) const {
  std::vector<OperatorTime> operators;
  if (!batch.decode_contexts.empty()) {
    operators.push_back({"decode_attention", Part::attention, decode_time(batch)});
    operators.push_back({"decode_reduction", Part::attention, reduction_time(batch)});
  }
  if (!batch.prefills.empty()) {
    if (const Seconds expansion = expansion_time(batch); expansion > Seconds(0.0))
      operators.push_back({"context_expansion", Part::dense_gemm, expansion});
    operators.push_back({"prefill_attention", Part::attention, prefill_time(batch)});
  }
  return operators;
}

Breakdown LayerTimes::attention_breakdown(const RankBatch& batch) const {
  Breakdown sum;
  if (!batch.decode_contexts.empty()) {
    sum[Part::attention] += decode_time(batch);
    sum[Part::attention] += reduction_time(batch);
  }
  if (!batch.prefills.empty()) {
    sum[Part::dense_gemm] += expansion_time(batch);
    sum[Part::attention] += prefill_time(batch);
  }
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
  const Bytes rows = static_cast<double>(tokens * work_.experts->top_k) * hidden_bytes_;
  return cost_->elementwise(engine_->moe.kernels, engine_->moe.passes * rows);
}

Seconds LayerTimes::decode_time(const RankBatch& batch) const {
  std::int64_t context = 0;
  if (work_.attention.window) {
    for (std::int64_t seen : batch.decode_contexts) context += std::min(seen, *work_.attention.window);
  } else {
    for (std::int64_t seen : batch.decode_contexts) context += seen;
  }
  return cost_->decode_attention(work_.attention, batch.decodes(), static_cast<double>(context));
}

Seconds LayerTimes::reduction_time(const RankBatch& batch) const {
  return cost_->elementwise(engine_->decode_reduction.kernels_of(batch.decodes(), work_.attention.kv_heads),
                            Bytes(0.0));
}

Seconds LayerTimes::prefill_time(const RankBatch& batch) const {
  double pairs = 0.0, keys = 0.0;
  std::int64_t tokens = 0;
  for (const PrefillChunk& chunk : batch.prefills) {
    pairs += causal_pairs(chunk, work_.attention.window);
    keys += static_cast<double>(context_seen(chunk) + chunk.tokens);
    tokens += chunk.tokens;
  }
  return cost_->prefill_attention(work_.attention, pairs, keys, tokens);
}

Seconds LayerTimes::expansion_time(const RankBatch& batch) const {
  if (!work_.context_expansion) return Seconds(0.0);
  std::int64_t latents = 0;
  for (const PrefillChunk& chunk : batch.prefills) latents += context_seen(chunk);
  return cost_->gemm(*work_.context_expansion, latents);
}

std::int64_t LayerTimes::context_seen(const PrefillChunk& chunk) const {
  return std::min(chunk.context, work_.attention.window.value_or(chunk.context));
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
