// DeepSeekMoE (arXiv:2401.06066), DeepSeek-V2 (arXiv:2405.04434), V3 (arXiv:2412.19437) and their kin: latent
// attention, fine-grained experts in groups, shared experts, and some dense layers first.
// Multi-token-prediction modules are not part of the count.
#include "workloads/hugging_face/family.hpp"
#include "workloads/hugging_face/parts.hpp"

namespace switchyard {
namespace {

Attention read_latent_attention(ConfigReader& config) {
  LatentAttention latent;
  latent.q_lora_rank = config.maybe_size("q_lora_rank", SizeLimit::kRank);
  latent.kv_lora_rank = config.size("kv_lora_rank", SizeLimit::kRank);
  latent.qk_nope_head_dim = config.size("qk_nope_head_dim", SizeLimit::kHeadDim);
  latent.qk_rope_head_dim = config.size("qk_rope_head_dim", SizeLimit::kHeadDim);
  latent.v_head_dim = config.size("v_head_dim", SizeLimit::kHeadDim);

  Attention attention;
  attention.num_attention_heads = config.size("num_attention_heads", SizeLimit::kHeads);
  attention.num_key_value_heads = attention.num_attention_heads;
  attention.head_dim = latent.qk_nope_head_dim + latent.qk_rope_head_dim;
  attention.latent = latent;
  attention.qkv_bias = attention.output_bias = config.optional_flag("attention_bias", false);
  config.known({"num_key_value_heads", "head_dim", "qk_head_dim"});  // filler: all heads share the latent
  if (config.has("index_topk")) {                                    // DeepSeek-V3.2, GLM-5
    attention.selected_keys = config.size("index_topk", SizeLimit::kContext);
    attention.indexer = SparseIndexer{config.size("index_n_heads", SizeLimit::kHeads),
                                      config.size("index_head_dim", SizeLimit::kHeadDim), latent.q_lora_rank};
  }
  return attention;
}

/// GLM-5.2: some layers use the choice of keys that an earlier one has made.
void share_indexers(ConfigReader& config, std::vector<Layer>& layers) {
  const auto types = config.optional_texts("indexer_types", {"full", "shared"});
  for (std::size_t i = 0; i < types.size() && i < layers.size(); ++i)
    if (types[i] == "shared") layers[i].attention->indexer.reset();
}

GateShape read_grouped_gate(ConfigReader& config) {
  const std::string_view experts = first_key(config, {"n_routed_experts", "num_routed_experts"});
  GateShape gate = read_gate(config, config.size(experts, SizeLimit::kExperts));
  gate.n_group = config.optional_size("n_group", 1, SizeLimit::kExperts);
  gate.topk_group = config.optional_size("topk_group", 1, SizeLimit::kExperts);
  gate.routed_scaling_factor = config.optional_factor("routed_scaling_factor", 1.0);
  if (gate.num_experts % gate.n_group != 0) {
    config.fail("n_group", std::to_string(gate.n_group) + " does not divide the " +
                               std::to_string(gate.num_experts) + " experts");
  }
  if (gate.topk_group > gate.n_group) {
    config.fail("topk_group", std::to_string(gate.topk_group) + " is more than the " +
                                  std::to_string(gate.n_group) + " groups");
  }
  if (gate.topk_group < gate.n_group && gate.num_experts < 2 * gate.n_group) {
    config.fail("n_group", std::to_string(gate.n_group) +
                               " leaves fewer than two experts a group; give at most " +
                               std::to_string(gate.num_experts / 2));
  }
  const std::int64_t eligible = gate.num_experts / gate.n_group * gate.topk_group;
  if (gate.num_experts_per_tok > eligible) {
    config.fail("num_experts_per_tok", std::to_string(gate.num_experts_per_tok) + " is more than the " +
                                           std::to_string(eligible) + " experts of topk_group groups");
  }
  return gate;
}

/// Everything but the choice of experts.
MoeFfn read_experts(ConfigReader& config) {
  MoeFfn moe;
  moe.gate = read_grouped_gate(config);
  moe.expert.intermediate_size = config.size("moe_intermediate_size", SizeLimit::kIntermediate);
  const std::int64_t shared = config.optional_count(
      first_key(config, {"n_shared_experts", "num_shared_experts"}), 0, SizeLimit::kSharedExperts);
  if (shared > 0) moe.shared_expert = Ffn{.intermediate_size = shared * moe.expert.intermediate_size};
  return moe;
}

std::vector<Layer> dense_then_sparse(ConfigReader& config, const Attention& attention, const MoeFfn& moe) {
  const Layer dense = dense_layer(attention, read_dense_ffn(config));
  const Layer sparse = sparse_layer(attention, moe);
  const std::int64_t count = read_layer_count(config);
  const std::int64_t first = config.optional_count("first_k_dense_replace", 0, SizeLimit::kLayers);
  const std::int64_t every = config.optional_size("moe_layer_freq", 1, SizeLimit::kLayers);
  auto layers = layers_by(count, dense, sparse, [&](std::int64_t i) { return i >= first && i % every == 0; });
  share_indexers(config, layers);
  return layers;
}

}  // namespace

std::vector<Layer> deepseek_layers(ConfigReader& config) {
  MoeFfn moe = read_experts(config);
  config.optional_choice("scoring_func", "softmax", {"softmax"});
  moe.gate.n_group = moe.gate.topk_group = 1;
  moe.router = config.optional_flag("norm_topk_prob", false) ? "softmax_topk_renorm" : "softmax_topk";
  Attention attention = read_grouped_attention(config);
  attention.qkv_bias = attention.output_bias = config.optional_flag("attention_bias", false);
  return dense_then_sparse(config, attention, moe);
}

std::vector<Layer> deepseek_v2_layers(ConfigReader& config) {
  MoeFfn moe = read_experts(config);
  config.optional_choice("scoring_func", "softmax", {"softmax"});
  const bool grouped = config.optional_choice("topk_method", "greedy", {"greedy", "group_limited_greedy"}) ==
                       "group_limited_greedy";
  const bool renormalised = config.optional_flag("norm_topk_prob", false);
  if (grouped && renormalised) {
    config.fail("norm_topk_prob", "is not supported together with group_limited_greedy; give false");
  }
  if (!grouped) moe.gate.n_group = moe.gate.topk_group = 1;
  moe.router = grouped ? "group_limited_greedy" : renormalised ? "softmax_topk_renorm" : "softmax_topk";
  return dense_then_sparse(config, read_latent_attention(config), moe);
}

namespace {

/// DeepSeek-V3's gate, or with "sqrtsoftplus" that of the later layers of V4 (its first choose by token id).
MoeFfn read_noaux_experts(ConfigReader& config) {
  MoeFfn moe = read_experts(config);
  config.optional_choice("topk_method", "noaux_tc", {"noaux_tc"});
  if (!config.optional_flag("norm_topk_prob", true)) {
    config.fail("norm_topk_prob",
                "false is not supported: noaux_tc normalises the chosen weights; give true");
  }
  moe.router = read_biased_router(config);
  if (moe.router == "sqrt_softplus" && moe.gate.topk_group < moe.gate.n_group)
    config.fail("topk_group", "is not supported together with sqrtsoftplus scores; give n_group");
  moe.selection_bias = true;
  return moe;
}

}  // namespace

std::vector<Layer> deepseek_v3_layers(ConfigReader& config) {
  const MoeFfn moe = read_noaux_experts(config);
  return dense_then_sparse(config, read_latent_attention(config), moe);
}

std::vector<Layer> glm4_moe_layers(ConfigReader& config) {
  const MoeFfn moe = read_noaux_experts(config);
  Attention attention = read_grouped_attention(config);
  attention.qkv_bias = config.optional_flag("attention_bias", false);
  if (config.optional_flag("use_qk_norm", false)) attention.qk_norm = QkNorm::per_head;
  return dense_then_sparse(config, attention, moe);
}

}  // namespace switchyard
