// Cutting a layer: column-parallel projections, row-parallel outputs (Megatron-LM, arXiv:1909.08053), experts
// whole or cut. Token mixers are in mixer_work.cpp.
#include "workloads/work.hpp"

#include <algorithm>

#include "workloads/mixer_work.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

std::vector<Gemm> ffn_gemms(const Ffn& ffn, std::int64_t hidden_size, std::int64_t ranks, Precision weights,
                            Precision activations) {
  const std::int64_t width = share(ffn.intermediate_size, ranks);
  return {{ffn.gated ? "gate_up" : "up", Part::dense_gemm, ffn.gated ? 2 * width : width, hidden_size,
           weights, activations},
          {"down", Part::dense_gemm, hidden_size, width, weights, activations}};
}

std::int64_t experts_on_rank(const MoeFfn& moe, const Sharding& sharding) {
  return share(moe.gate.num_experts + sharding.redundant_experts, sharding.expert_ranks);
}

ExpertWork expert_work(const MoeFfn& moe, std::int64_t hidden_size, const Sharding& sharding,
                       const ModelPrecision& precision) {
  ExpertWork work;
  work.local_experts = experts_on_rank(moe, sharding);
  work.top_k = moe.gate.num_experts_per_tok;
  work.hidden_size = hidden_size;
  work.intermediate_size = share(moe.expert.intermediate_size, sharding.expert_tensor);
  work.gated = moe.expert.gated;
  const double matrices = work.gated ? 3.0 : 2.0;
  const double weights =
      matrices * static_cast<double>(hidden_size) * static_cast<double>(work.intermediate_size);
  work.flops_per_row = Flops(2.0 * weights);
  work.weight_bytes_per_expert = weights * bytes_per_element(precision.weights.routed_experts);
  work.activation_bytes_per_row =
      static_cast<double>(2 * hidden_size) * bytes_per_element(Precision::bf16) +
      matrices * static_cast<double>(work.intermediate_size) * bytes_per_element(Precision::bf16);
  work.weights = precision.weights.routed_experts;
  work.activations = precision.activations.routed_experts;
  return work;
}

/// Elements of the mixers' matrices on one rank.
double mixer_weights(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding) {
  const LayerWork work = work_of(layer, hidden_size, sharding, {});
  double sum = 0.0;
  if (work.output_projection)
    sum += static_cast<double>(work.output_projection->n * work.output_projection->k);
  for (const Gemm& gemm : work.before_attention) sum += static_cast<double>(gemm.n * gemm.k);
  if (layer.cross_attention) {  // its queries and output: no work of a prompt, but weights all the same
    const Attention& cross = *layer.cross_attention;
    const std::int64_t heads = share(cross.num_attention_heads, sharding.tensor);
    sum += static_cast<double>(hidden_size * heads * (cross.head_dim + cross.value_dim()));
  }
  return sum;
}

}  // namespace

LayerWork work_of(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                  const ModelPrecision& precision) {
  LayerWork work;
  add_mixer_work(layer, hidden_size, sharding, precision, work);
  if (layer.dense) {
    work.dense_ffn = ffn_gemms(*layer.dense, hidden_size, sharding.tensor, precision.weights.dense_ffn,
                               precision.activations.dense_ffn);
  }
  if (layer.moe) {
    const MoeFfn& moe = *layer.moe;
    const Precision weights = precision.weights.shared_expert;
    const Precision activations = precision.activations.shared_expert;
    work.gate = Gemm{"gate", Part::gate, moe.gate.num_experts, hidden_size, Precision::bf16, Precision::bf16};
    if (moe.shared_expert)
      work.shared_expert = ffn_gemms(*moe.shared_expert, hidden_size, sharding.tensor, weights, activations);
    if (moe.latent_size) {
      work.latent_projection = {
          {"latent_down", Part::dense_gemm, *moe.latent_size, hidden_size, weights, activations},
          {"latent_up", Part::dense_gemm, hidden_size, *moe.latent_size, weights, activations}};
    }
    work.experts = expert_work(moe, moe.latent_size.value_or(hidden_size), sharding, precision);
  }
  return work;
}

Gemm head_of(const Architecture& architecture, const Sharding& sharding) {
  return {"head",
          Part::head,
          share(architecture.vocab_size, sharding.tensor),
          architecture.hidden_size,
          Precision::bf16,
          Precision::bf16};
}

Bytes expert_weight_bytes_on_rank(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                                  const PrecisionByRole& precision) {
  if (!layer.moe) return Bytes(0.0);
  const double experts = static_cast<double>(experts_on_rank(*layer.moe, sharding));
  const double parameters = static_cast<double>(parameters_of(layer, hidden_size).routed_expert);
  return experts * parameters / static_cast<double>(sharding.expert_tensor) *
         bytes_per_element(precision.routed_experts);
}

Bytes weight_bytes_on_rank(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
                           const PrecisionByRole& precision) {
  const LayerParameters p = parameters_of(layer, hidden_size);
  const double tensor = static_cast<double>(sharding.tensor);
  // Some projections are whole on every rank (MLA's way down, key-value heads fewer than ranks), and so are
  // small vectors.
  const double projections = mixer_weights(layer, hidden_size, sharding);
  const double vectors = static_cast<double>(p.attention) - mixer_weights(layer, hidden_size, {});
  const double whole = vectors + static_cast<double>(p.norms + p.gate);
  return projections * bytes_per_element(precision.attention) +
         static_cast<double>(p.dense_ffn) / tensor * bytes_per_element(precision.dense_ffn) +
         (static_cast<double>(p.shared_expert) / tensor + static_cast<double>(p.latent_projection)) *
             bytes_per_element(precision.shared_expert) +
         whole * bytes_per_element(Precision::bf16) +
         expert_weight_bytes_on_rank(layer, hidden_size, sharding, precision);
}

}  // namespace switchyard
