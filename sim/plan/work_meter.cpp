// Counting a run's work by layers, once for all steps.
#include "sim/plan/work_meter.hpp"

#include <algorithm>

#include "sim/plan/layer_times.hpp"

namespace switchyard {
namespace {

std::optional<std::int64_t> most_keys(const AttentionWork& work) {
  if (!work.window || !work.selected) return work.window ? work.window : work.selected;
  return std::min(*work.window, *work.selected);
}

/// first + (first + 1) + … + last; both ends at least 0.
double sum_of_range(std::int64_t first, std::int64_t last) {
  if (last < first) return 0.0;
  return 0.5 * static_cast<double>(first + last) * static_cast<double>(last - first + 1);
}

}  // namespace

WorkMeter::WorkMeter(const Architecture& architecture, const Deployment& deployment,
                     const ModelPrecision& precision, const Gpu& gpu)
    : gpu_(gpu),
      sharding_(deployment.sharding()),
      tensor_ranks_(static_cast<double>(deployment.tensor_parallel_size)),
      ranks_(static_cast<double>(deployment.tensor_parallel_size * deployment.data_parallel_size)) {
  for (const Layer& layer : architecture.layers)
    add_layer(work_of(layer, architecture.hidden_size, sharding_, precision));
  add_gemm(head_of(architecture, sharding_), head_pass_, sampled_);
}

WorkMeter::Load WorkMeter::of_flops(Flops flops, Precision format) const {
  return {flops / peak_rate(gpu_, format), Seconds()};
}

WorkMeter::Load WorkMeter::of_bytes(Bytes bytes) const { return {Seconds(), bytes / gpu_.memory_bandwidth}; }

void WorkMeter::add_gemm(const Gemm& gemm, Load& a_pass, Load& a_token) const {
  const auto n = static_cast<double>(gemm.n), k = static_cast<double>(gemm.k);
  a_pass += of_bytes(n * k * bytes_per_element(gemm.weights));
  a_token += of_flops(Flops(2.0 * n * k), gemm.activations);
  a_token += of_bytes((n + k) * bytes_per_element(Precision::bf16));
}

void WorkMeter::add_layer(const LayerWork& work) {
  Load a_token;
  const auto add_all = [&](const auto& gemms) {
    for (const Gemm& gemm : gemms) add_gemm(gemm, pass_, a_token);
  };
  add_all(work.before_attention);
  if (work.output_projection) add_gemm(*work.output_projection, pass_, a_token);
  add_all(work.dense_ffn);
  if (work.gate) add_gemm(*work.gate, pass_, a_token);
  add_all(work.shared_expert);
  add_all(work.latent_projection);
  prompt_token_ += a_token;
  decode_token_ += a_token;
  if (work.attention) add_layers_attention(*work.attention);
  if (work.indexer) add_layers_attention(*work.indexer);
  if (work.state) {
    prompt_token_ += of_flops(work.state->prefill_flops_per_token, Precision::bf16);
    prompt_token_ += of_bytes(work.state->prefill_bytes_per_token);
    decode_token_ += of_flops(work.state->decode_flops_per_sequence, Precision::bf16);
    decode_token_ += of_bytes(work.state->decode_bytes_per_sequence);
  }
  if (!work.experts) return;
  const ExpertWork& experts = *work.experts;
  active_expert_ += of_bytes(experts.weight_bytes_per_expert);
  routed_token_ += of_flops(static_cast<double>(experts.top_k) * experts.flops_per_row, experts.activations);
  routed_token_ += of_bytes(static_cast<double>(experts.top_k) * experts.activation_bytes_per_row);
}

void WorkMeter::add_layers_attention(const AttentionWork& attention) {
  Sight& sight = sight_of(attention);
  sight.decode_pair += of_flops(attention.decode_flops_per_pair, Precision::bf16);
  sight.decode_pair += of_bytes(attention.cache_bytes_per_token);
  sight.prompt_pair += of_flops(attention.prefill_flops_per_pair, Precision::bf16);
  sight.prompt_key += of_bytes(attention.prefill_bytes_per_key);
  prompt_token_ += of_bytes(attention.query_bytes_per_token);
  decode_token_ += of_bytes(attention.query_bytes_per_token);
}

WorkMeter::Sight& WorkMeter::sight_of(const AttentionWork& attention) {
  const std::optional<std::int64_t> most = most_keys(attention);
  for (Sight& sight : sights_)
    if (sight.most == most && sight.bidirectional == attention.bidirectional) return sight;
  sights_.emplace_back().most = most;
  sights_.back().bidirectional = attention.bidirectional;
  return sights_.back();
}

void WorkMeter::add(const StepWork& steps) {
  steps_.passes += steps.passes;
  steps_.prompt_tokens += steps.prompt_tokens;
  steps_.decode_tokens += steps.decode_tokens;
  steps_.sampled += steps.sampled;
  steps_.active_experts += steps.active_experts;
}

void WorkMeter::add_prompt(std::int64_t tokens, std::int64_t context, double times) {
  const auto all = static_cast<double>(tokens + context);
  for (Sight& sight : sights_) {
    const double pairs =
        sight.bidirectional ? static_cast<double>(tokens) * all : causal_pairs({tokens, context}, sight.most);
    sight.prompt_pairs += times * pairs;
    sight.prompt_keys +=
        times * static_cast<double>(tokens + std::min(context, sight.most.value_or(context)));
  }
}

void WorkMeter::add_decodes(std::int64_t first, std::int64_t last, double times) {
  for (Sight& sight : sights_) {
    const std::int64_t growing = sight.most ? std::min(last, *sight.most) : last;
    sight.decode_pairs += times * sum_of_range(first, growing);
    const std::int64_t full = last - std::max(growing, first - 1);
    if (full > 0) sight.decode_pairs += times * static_cast<double>(full) * static_cast<double>(*sight.most);
  }
}

void WorkMeter::add_attention(const WorkMeter& other, double share) {
  for (std::size_t i = 0; i < sights_.size(); ++i) {
    sights_[i].decode_pairs += other.sights_[i].decode_pairs * share;
    sights_[i].prompt_pairs += other.sights_[i].prompt_pairs * share;
    sights_[i].prompt_keys += other.sights_[i].prompt_keys * share;
  }
}

WorkMeter::Load WorkMeter::total() const {
  Load sum;
  const auto add = [&](const Load& load, double times) {
    sum.compute += load.compute * times;
    sum.memory += load.memory * times;
  };
  add(pass_, steps_.passes * ranks_);
  add(head_pass_, steps_.passes * ranks_);
  add(active_expert_, steps_.active_experts * ranks_);
  add(prompt_token_, steps_.prompt_tokens * tensor_ranks_);
  add(decode_token_, steps_.decode_tokens * tensor_ranks_);
  add(sampled_, steps_.sampled * tensor_ranks_);
  add(routed_token_,
      (steps_.prompt_tokens + steps_.decode_tokens) * static_cast<double>(sharding_.expert_tensor));
  for (const Sight& sight : sights_) {
    add(sight.decode_pair, sight.decode_pairs * tensor_ranks_);
    add(sight.prompt_pair, sight.prompt_pairs * tensor_ranks_);
    add(sight.prompt_key, sight.prompt_keys * tensor_ranks_);
  }
  return sum;
}

Seconds WorkMeter::compute() const { return total().compute; }
Seconds WorkMeter::memory() const { return total().memory; }

}  // namespace switchyard
