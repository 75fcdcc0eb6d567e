// Memory of the fullest rank, and the message when it does not fit.
#include "sim/plan/memory_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "sim/base/error.hpp"

namespace switchyard {
namespace {

struct StageMemory {
  Bytes weights, experts, vocabulary, kv_per_token;
  Bytes state;  // of one sequence's linear attention
};

StageMemory stage_memory(const Architecture& a, const ModelPrecision& precision, const Deployment& d,
                         std::int64_t stage) {
  const Sharding sharding = d.sharding();
  const auto [first, last] = stage_layers(a, d.pipeline_parallel_size, stage);
  StageMemory memory;
  for (std::int64_t l = first; l < last; ++l) {
    const Layer& layer = a.layers[static_cast<std::size_t>(l)];
    memory.weights += weight_bytes_on_rank(layer, a.hidden_size, sharding, precision.weights);
    memory.kv_per_token += kv_bytes_per_token_on_rank(layer, sharding, precision.kv_cache);
    memory.state += state_bytes_on_rank(layer, sharding);
    memory.experts += expert_weight_bytes_on_rank(layer, a.hidden_size, sharding, precision.weights);
  }
  const double tensor = static_cast<double>(d.tensor_parallel_size);
  const Bytes plain = bytes_per_element(Precision::bf16);
  const Bytes table = static_cast<double>(a.vocab_size * a.hidden_size) / tensor * plain;
  const bool is_first = stage == 0;
  const bool is_last = stage == d.pipeline_parallel_size - 1;
  if (is_first) {
    memory.vocabulary += table;
    memory.weights += static_cast<double>(a.position_embeddings * a.hidden_size + a.other_parameters) * plain;
  }
  if (is_last && !(a.tie_word_embeddings && is_first)) memory.vocabulary += table;
  memory.weights += memory.vocabulary;
  return memory;
}

/// The widest tensors alive at once in one layer at max_num_batched_tokens, in bf16, and fp32 logits of all
/// sequences.
Bytes peak_activations(const Architecture& a, const Deployment& d, const EngineLimits& limits) {
  double widest = 0.0;
  const double tensor = static_cast<double>(d.tensor_parallel_size);
  // Around its experts a rank holds its share of all data-parallel ranks' rows, and their tokens, unless
  // those are exchanged one by one.
  const double ranks = static_cast<double>(d.data_parallel_size);
  const double gathered = exchange_backend(d.all2all_backend) != nullptr ? 1.0 : ranks;
  const double share_of_rows = ranks / static_cast<double>(d.expert_ranks());
  for (const Layer& layer : a.layers) {
    const double hidden = static_cast<double>(a.hidden_size);
    if (layer.dense)
      widest =
          std::max(widest, 3.0 * static_cast<double>(layer.dense->intermediate_size) / tensor + 2.0 * hidden);
    if (layer.moe) {
      const double rows = share_of_rows * static_cast<double>(layer.moe->gate.num_experts_per_tok);
      const double cut = static_cast<double>(d.sharding().expert_tensor);
      widest = std::max(
          widest, rows * (3.0 * static_cast<double>(layer.moe->expert.intermediate_size) / cut + hidden) +
                      2.0 * gathered * hidden);
    }
  }
  const double tokens = static_cast<double>(limits.max_num_batched_tokens);
  const double logits = static_cast<double>(std::min(limits.max_num_seqs, limits.max_num_batched_tokens)) *
                        static_cast<double>(a.vocab_size) / tensor;
  return Bytes(tokens * widest * 2.0 + logits * 4.0);
}

std::string gib(Bytes bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%9.2f GiB", bytes.value() / 1073741824.0);
  return text;
}

std::string table_of(const MemoryFit& fit) {
  return "\n  GPU memory                " + gib(fit.gpu) + "\n  usable                    " +
         gib(fit.usable) + "\n  - weights                 " + gib(fit.weights) +
         "\n      routed experts        " + gib(fit.expert_weights) + "\n      embedding and head    " +
         gib(fit.vocabulary_weights) + "\n  - activations             " + gib(fit.activations) +
         "\n  - runtime reserve         " + gib(fit.runtime_reserve) +
         (fit.states > Bytes(0.0) ? "\n  - linear-attention states " + gib(fit.states) : "") +
         "\n  = KV pool                 " + gib(fit.kv_pool) + "\n  KV per token              " +
         std::to_string(static_cast<std::int64_t>(fit.kv_bytes_per_token.value())) + " B\n";
}

constexpr double kMostBlocks = 1e9;  // of a stage whose layers cache nothing

double blocks_in(Bytes pool, Bytes kv_per_token, std::int64_t block_size) {
  if (kv_per_token > Bytes(0.0)) return pool / (kv_per_token * static_cast<double>(block_size));
  return pool >= Bytes(0.0) ? kMostBlocks : 0.0;
}

MemoryFit budget(const Architecture& a, const ModelPrecision& precision, const Deployment& d, const Gpu& gpu,
                 const EngineProfile& engine, const EngineLimits& limits) {
  MemoryFit fit;
  fit.gpu = gpu.memory;
  fit.usable = gpu.memory * limits.gpu_memory_utilization;
  fit.activations = peak_activations(a, d, limits);
  fit.runtime_reserve = engine.runtime_reserve;
  fit.block_size = limits.block_size;
  const Bytes room = fit.usable - fit.activations - fit.runtime_reserve;
  std::optional<double> fewest;  // blocks, of the stage with the least room for them
  for (std::int64_t stage = 0; stage < d.pipeline_parallel_size; ++stage) {
    const StageMemory memory = stage_memory(a, precision, d, stage);
    const Bytes states = static_cast<double>(limits.max_num_seqs) * memory.state;
    const double blocks = blocks_in(room - memory.weights - states, memory.kv_per_token, limits.block_size);
    if (fewest && blocks >= *fewest) continue;
    fewest = blocks;
    fit.weights = memory.weights;
    fit.expert_weights = memory.experts;
    fit.vocabulary_weights = memory.vocabulary;
    fit.kv_bytes_per_token = memory.kv_per_token;
    fit.states = states;
    fit.kv_pool = room - memory.weights - states;
    fit.num_gpu_blocks = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(blocks)));
  }
  return fit;
}

/// An override pins the pool, but only of a model that fits.
bool holds_one_sequence(const MemoryFit& fit, const EngineLimits& limits) {
  if (fit.num_gpu_blocks == 0) return false;
  return limits.num_gpu_blocks_override || fit.kv_tokens() >= limits.max_model_len;
}

MemoryFit with_override(MemoryFit fit, const EngineLimits& limits) {
  if (!limits.num_gpu_blocks_override) return fit;
  fit.num_gpu_blocks = *limits.num_gpu_blocks_override;
  fit.kv_pool = static_cast<double>(fit.kv_tokens()) * fit.kv_bytes_per_token;
  return fit;
}

/// The first deployment with more GPUs a replica that is sound and fits, in words.
std::string smallest_change(const Architecture& a, const ModelPrecision& precision, const Deployment& d,
                            const Cluster& cluster, const EngineProfile& engine, const EngineLimits& limits) {
  for (const auto& [field, size] : {std::pair{"tensor", &Deployment::tensor_parallel_size},
                                    std::pair{"pipeline", &Deployment::pipeline_parallel_size}}) {
    if (d.enable_dbo && size == &Deployment::tensor_parallel_size) continue;  // not with tensor ranks
    for (std::int64_t factor = 2; factor <= 64; factor *= 2) {
      Deployment wider = d;
      wider.*size *= factor;
      Cluster larger = cluster;
      larger.nodes =
          std::max(cluster.nodes, (wider.gpus() + cluster.gpus_per_node - 1) / cluster.gpus_per_node);
      try {
        check(wider, a, larger, "");
      } catch (const InputError&) {
        break;
      }
      if (!holds_one_sequence(budget(a, precision, wider, cluster.gpu, engine, limits), limits)) continue;
      std::string change = "it would fit with /deployment/" + std::string(field) + "_parallel_size ";
      change += std::to_string(wider.*size);
      if (larger.nodes > cluster.nodes) change += " and " + words_for_nodes(cluster, larger.nodes);
      return change;
    }
  }
  return "use a smaller /precision/weights, or a GPU with more memory";
}

}  // namespace

std::optional<MemoryFit> find_fit(const Architecture& a, const ModelPrecision& precision, const Deployment& d,
                                  const Cluster& cluster, const EngineProfile& engine,
                                  const EngineLimits& limits) {
  const MemoryFit fit = budget(a, precision, d, cluster.gpu, engine, limits);
  return holds_one_sequence(fit, limits) ? std::optional(with_override(fit, limits)) : std::nullopt;
}

MemoryFit fit_memory(const Architecture& a, const ModelPrecision& precision, const Deployment& d,
                     const Cluster& cluster, const EngineProfile& engine, const EngineLimits& limits) {
  const MemoryFit fit = budget(a, precision, d, cluster.gpu, engine, limits);
  if (!holds_one_sequence(fit, limits)) {
    const std::string model = a.name + " on " + cluster.gpu.name;
    if (fit.num_gpu_blocks == 0) {
      throw Infeasible("does not fit: " + model + " leaves no KV pool" + table_of(fit) +
                       smallest_change(a, precision, d, cluster, engine, limits));
    }
    throw Infeasible("does not fit: the KV pool of " + model + " holds " + std::to_string(fit.kv_tokens()) +
                     " tokens, fewer than max_model_len " + std::to_string(limits.max_model_len) +
                     table_of(fit) + "it would fit with /engine/max_model_len " +
                     std::to_string(fit.kv_tokens()));
  }
  return with_override(fit, limits);
}

}  // namespace switchyard
