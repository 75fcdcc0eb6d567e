// Ranks and groups of a deployment.
#include "sim/plan/deployment.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/menu.hpp"

namespace switchyard {
namespace {

GpuId gpu_of(const Deployment& d, std::int64_t replica, std::int64_t dp, std::int64_t pp, std::int64_t tp) {
  return static_cast<GpuId>(
      ((replica * d.data_parallel_size + dp) * d.pipeline_parallel_size + pp) * d.tensor_parallel_size + tp);
}

[[noreturn]] void fail(const std::string& source, std::string_view field, std::int64_t value,
                       const std::string& problem) {
  throw Mismatch(source + ": /deployment/" + std::string(field), std::to_string(value) + " " + problem);
}

/// "1, 2, 4, 8": the divisors of `size` up to 64, for messages.
std::string divisors(std::int64_t size) {
  std::string text;
  for (std::int64_t d = 1; d <= std::min<std::int64_t>(size, 64); ++d) {
    if (size % d == 0) text += (text.empty() ? "" : ", ") + std::to_string(d);
  }
  return text;
}

void check_heads(const Deployment& d, const Attention& a, const std::string& source) {
  const std::int64_t tp = d.tensor_parallel_size;
  if (a.num_attention_heads % tp != 0) {
    fail(source, "tensor_parallel_size", tp,
         "does not divide the " + std::to_string(a.num_attention_heads) + " attention heads; choose one of " +
             divisors(a.num_attention_heads));
  }
  if (!a.latent && a.num_key_value_heads % tp != 0 && tp % a.num_key_value_heads != 0) {
    fail(source, "tensor_parallel_size", tp,
         "neither divides the " + std::to_string(a.num_key_value_heads) +
             " key-value heads nor is a multiple of them");
  }
}

void check_tensor(const Deployment& d, const Layer& layer, const std::string& source) {
  const std::int64_t tp = d.tensor_parallel_size;
  if (layer.attention) check_heads(d, *layer.attention, source);
  if (layer.cross_attention) check_heads(d, *layer.cross_attention, source);
  if (layer.linear_attention && layer.linear_attention->num_value_heads % tp != 0) {
    fail(source, "tensor_parallel_size", tp,
         "does not divide the " + std::to_string(layer.linear_attention->num_value_heads) +
             " heads of linear attention; choose one of " +
             divisors(layer.linear_attention->num_value_heads));
  }
  if (layer.dense && layer.dense->intermediate_size % tp != 0) {
    fail(source, "tensor_parallel_size", tp,
         "does not divide the FFN's intermediate_size " + std::to_string(layer.dense->intermediate_size));
  }
}

/// With EPLB the slots are shared out, not the experts.
void check_slots(const Deployment& d, std::int64_t experts, const std::string& source) {
  const std::int64_t ranks = d.expert_ranks();
  const std::int64_t slots = experts + d.num_redundant_experts;
  if (slots % ranks == 0) return;
  const std::int64_t fewest = (ranks - experts % ranks) % ranks;
  fail(
      source, "num_redundant_experts", d.num_redundant_experts,
      "makes " + std::to_string(slots) + " physical experts of the " + std::to_string(experts) + ", which " +
          std::to_string(ranks) +
          " expert-parallel ranks (tensor_parallel_size x data_parallel_size) cannot share equally; choose " +
          std::to_string(fewest) + ", " + std::to_string(fewest + ranks) + " or another multiple of " +
          std::to_string(ranks) + " more");
}

void check_experts(const Deployment& d, const MoeFfn& moe, const std::string& source) {
  const std::int64_t ranks = d.tensor_parallel_size * d.data_parallel_size;
  if (d.enable_eplb) return check_slots(d, moe.gate.num_experts, source);
  if (d.enable_expert_parallel && moe.gate.num_experts % ranks != 0) {
    fail(source, "enable_expert_parallel", ranks,
         "expert-parallel ranks (tensor_parallel_size x data_parallel_size) do not divide the " +
             std::to_string(moe.gate.num_experts) + " experts; choose a product among " +
             divisors(moe.gate.num_experts));
  }
  if (!d.enable_expert_parallel && moe.expert.intermediate_size % ranks != 0) {
    fail(source, d.tensor_parallel_size > 1 ? "tensor_parallel_size" : "data_parallel_size", ranks,
         "ranks (tensor_parallel_size x data_parallel_size) do not divide the experts' intermediate_size " +
             std::to_string(moe.expert.intermediate_size) +
             "; set enable_expert_parallel or choose a divisor");
  }
}

/// "64 GPUs": a product of sizes that may be beyond 64 bits.
std::string words_for_gpus(const Deployment& d) {
  const double gpus = static_cast<double>(d.replicas) * static_cast<double>(d.data_parallel_size) *
                      static_cast<double>(d.pipeline_parallel_size) *
                      static_cast<double>(d.tensor_parallel_size);
  char text[40];
  std::snprintf(text, sizeof text, "%.0f GPUs", gpus);
  return text;
}

std::int64_t largest(const Deployment& d) {
  return std::max({d.replicas, d.data_parallel_size, d.pipeline_parallel_size, d.tensor_parallel_size});
}

/// Blames the first size that, with those that vary faster, needs more GPUs than there are.
void check_gpus(const Deployment& d, const Cluster& cluster, const std::string& source) {
  std::int64_t needed = 1;
  for (const auto& [field, size] :
       {std::pair("tensor_parallel_size", d.tensor_parallel_size),
        std::pair("pipeline_parallel_size", d.pipeline_parallel_size),
        std::pair("data_parallel_size", d.data_parallel_size), std::pair("replicas", d.replicas)}) {
    needed *= size;
    if (needed <= cluster.gpus()) continue;
    const auto counts = [](std::string_view name, std::int64_t count) {
      return std::string(name) + " " + std::to_string(count);
    };
    std::string problem =
        "is too many: " + counts("replicas", d.replicas) + " x " + counts("dp", d.data_parallel_size) +
        " x " + counts("pp", d.pipeline_parallel_size) + " x " + counts("tp", d.tensor_parallel_size) +
        " need " + words_for_gpus(d) + ", but the cluster " + cluster.name + " has " +
        std::to_string(cluster.gpus()) + "; use fewer";
    if (largest(d) <= 1024) {  // then the product is within 64 bits
      const std::int64_t nodes = (d.gpus() + cluster.gpus_per_node - 1) / cluster.gpus_per_node;
      problem += ", or " + words_for_nodes(cluster, nodes);
    }
    fail(source, field, size, problem);
  }
}

/// Nodes that the ranks of a replica's stage lie on in equal blocks; none where they lie otherwise.
std::optional<std::int64_t> equal_blocks(const Deployment& d, const Cluster& cluster, std::int64_t replica,
                                         std::int64_t stage) {
  std::vector<std::int64_t> node_of;
  for (const GpuId gpu : expert_group(d, replica, stage)) node_of.push_back(gpu / cluster.gpus_per_node);
  std::int64_t nodes = 1;
  for (std::size_t i = 1; i < node_of.size(); ++i) nodes += node_of[i] != node_of[i - 1];
  const auto ranks = static_cast<std::int64_t>(node_of.size());
  if (ranks % nodes != 0) return std::nullopt;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const std::int64_t first = rank / (ranks / nodes) * (ranks / nodes);
    if (node_of[static_cast<std::size_t>(rank)] != node_of[static_cast<std::size_t>(first)])
      return std::nullopt;
  }
  return nodes;
}

/// Kernels that forward between nodes hand tokens on at the sender's own place of the other node.
void check_forwarding(const Deployment& d, const Cluster& cluster, const std::string& source) {
  const ExchangeBackend* backend = exchange_backend(d.all2all_backend);
  if (d.data_parallel_size == 1 || backend == nullptr || backend->landing != Landing::same_place) return;
  for (std::int64_t replica = 0; replica < d.replicas; ++replica)
    for (std::int64_t stage = 0; stage < d.pipeline_parallel_size; ++stage)
      if (!equal_blocks(d, cluster, replica, stage))
        throw Mismatch(source + ": /deployment/all2all_backend",
                       "\"" + d.all2all_backend +
                           "\" needs as many expert ranks of a replica on each of its nodes; " + "with " +
                           std::to_string(cluster.gpus_per_node) +
                           " GPUs a node choose a data_parallel_size that fills its nodes evenly, or " +
                           "deepep_low_latency");
}

}  // namespace

Sharding Deployment::sharding() const {
  const std::int64_t ranks = tensor_parallel_size * data_parallel_size;
  return {tensor_parallel_size, enable_expert_parallel ? 1 : ranks, enable_expert_parallel ? ranks : 1,
          num_redundant_experts};
}

const ExpertPlacement& Deployment::placement() const {
  const ExpertPlacement& named =
      choose(expert_placements(), expert_placement, "/deployment/expert_placement");
  return named.balances == enable_eplb
             ? named
             : choose(expert_placements(), enable_eplb ? "eplb" : "linear", "/deployment/enable_eplb");
}

std::span<const All2AllBackend> all2all_backends() {
  static const std::vector<All2AllBackend> rows = [] {
    std::vector<All2AllBackend> table = {
        {"allgather_reducescatter",
         "every rank gathers all tokens, computes its experts, and the sums are reduce-scattered (vLLM's "
         "default)"}};
    for (const ExchangeBackend& backend : exchange_backends())
      table.push_back({backend.name, backend.description});
    return table;
  }();
  return rows;
}

const ExchangeBackend* exchange_backend(std::string_view name) {
  const auto backends = exchange_backends();
  const auto found = std::find_if(backends.begin(), backends.end(),
                                  [&](const ExchangeBackend& backend) { return backend.name == name; });
  return found == backends.end() ? nullptr : &*found;
}

bool is_asynchronous(std::string_view backend) {
  const ExchangeBackend* exchange = exchange_backend(backend);
  return exchange != nullptr && exchange->calls == Calls::return_at_once;
}

Deployment normalised(const Deployment& deployment, const Architecture& architecture) {
  if (architecture.moe_layers() > 0) return deployment;
  Deployment dense = deployment;
  dense.replicas *= dense.data_parallel_size;
  dense.data_parallel_size = 1;
  dense.enable_expert_parallel = false;
  dense.enable_eplb = false;
  dense.num_redundant_experts = 0;
  return dense;
}

void check(const Deployment& d, const Architecture& architecture, const Cluster& cluster,
           const std::string& source) {
  const auto layers = static_cast<std::int64_t>(architecture.layers.size());
  if (d.pipeline_parallel_size > layers) {
    fail(source, "pipeline_parallel_size", d.pipeline_parallel_size,
         "exceeds the model's " + std::to_string(layers) + " layers; give at most as many");
  }
  for (const Layer& layer : architecture.layers) {
    check_tensor(d, layer, source);
    if (layer.moe) check_experts(d, *layer.moe, source);
  }
  check_gpus(d, cluster, source);
  if (architecture.moe_layers() > 0) check_forwarding(d, cluster, source);
}

std::vector<RankRow> rank_table(const Deployment& d, const Cluster& cluster) {
  std::vector<RankRow> rows;
  for (std::int64_t replica = 0; replica < d.replicas; ++replica)
    for (std::int64_t dp = 0; dp < d.data_parallel_size; ++dp)
      for (std::int64_t pp = 0; pp < d.pipeline_parallel_size; ++pp)
        for (std::int64_t tp = 0; tp < d.tensor_parallel_size; ++tp) {
          const std::int64_t gpu = gpu_of(d, replica, dp, pp, tp);
          const std::int64_t expert = d.enable_expert_parallel ? dp * d.tensor_parallel_size + tp : 0;
          rows.push_back(
              {gpu, replica, dp, pp, tp, expert, gpu / cluster.gpus_per_node, gpu % cluster.gpus_per_node});
        }
  return rows;
}

std::vector<GpuId> tensor_group(const Deployment& d, std::int64_t replica, std::int64_t dp, std::int64_t pp) {
  std::vector<GpuId> group;
  for (std::int64_t tp = 0; tp < d.tensor_parallel_size; ++tp)
    group.push_back(gpu_of(d, replica, dp, pp, tp));
  return group;
}

std::vector<GpuId> expert_group(const Deployment& d, std::int64_t replica, std::int64_t pp) {
  std::vector<GpuId> group;
  for (std::int64_t dp = 0; dp < d.data_parallel_size; ++dp)
    for (std::int64_t tp = 0; tp < d.tensor_parallel_size; ++tp)
      group.push_back(gpu_of(d, replica, dp, pp, tp));
  return group;
}

std::int64_t expert_nodes(const Deployment& d, const Cluster& cluster) {
  return d.enable_expert_parallel ? equal_blocks(d, cluster, 0, 0).value_or(1) : 1;
}

LayerRange stage_layers(const Architecture& architecture, std::int64_t stages, std::int64_t stage) {
  const auto layers = static_cast<std::int64_t>(architecture.layers.size());
  const std::int64_t each = layers / stages;
  const std::int64_t longer = layers % stages;
  const std::int64_t first_longer = stages - 1 - longer;  // the last stage is never longer
  const std::int64_t longer_before = std::clamp<std::int64_t>(stage - first_longer, 0, longer);
  const std::int64_t first = stage * each + longer_before;
  return {first, first + each + (stage >= first_longer && stage + 1 < stages ? 1 : 0)};
}

}  // namespace switchyard
