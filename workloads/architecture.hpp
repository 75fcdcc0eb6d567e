// A model as a value: what each layer is made of. Dense, Mixture-of-Experts and hybrid layers are the same
// struct; a layer of one expert with top-1 is normalised to a dense one by the reader, so nobody else asks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/gate_shape.hpp"
#include "sim/base/precision.hpp"

namespace switchyard {

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434 section 2.1). The KV cache holds one latent
/// vector of kv_lora_rank + qk_rope_head_dim elements a token.
struct LatentAttention {
  std::optional<std::int64_t> q_lora_rank;  // absent: queries are projected directly (V2-Lite)
  std::int64_t kv_lora_rank = 0;
  std::int64_t qk_nope_head_dim = 0;
  std::int64_t qk_rope_head_dim = 0;
  std::int64_t v_head_dim = 0;
  bool operator==(const LatentAttention&) const = default;
};

/// What chooses the keys of sparse attention (DeepSeek-V3.2-Exp report, section 2.1): few small heads score
/// every cached key, and the attention proper reads the best of them.
struct SparseIndexer {
  std::int64_t num_heads = 0;
  std::int64_t head_dim = 0;
  std::optional<std::int64_t> q_lora_rank;  // its queries come from the latent query; absent: from the hidden
  bool operator==(const SparseIndexer&) const = default;
};

enum class QkNorm {
  none,
  per_head,
  full
};  // a norm on queries and keys: of each head, or of all heads at once

struct Attention {
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;    // 1: MQA; = num_attention_heads: MHA; between: GQA
  std::int64_t head_dim = 0;               // of queries and keys
  std::optional<std::int64_t> v_head_dim;  // absent: head_dim
  std::optional<LatentAttention> latent;
  std::optional<std::int64_t> sliding_window;  // tokens a query sees, itself included; absent: all
  std::optional<std::int64_t> selected_keys;   // sparse attention: keys that a query reads at most
  std::optional<SparseIndexer> indexer;        // absent where an earlier layer's choice is used again
  bool bidirectional = false;  // an encoder's: every token sees every other, and nothing is cached
  bool qkv_bias = false;
  bool output_bias = false;
  QkNorm qk_norm = QkNorm::none;
  bool sinks = false;            // one learned logit per head
  bool output_gate = false;      // a gate as wide as the queries on the output (Qwen3-Next)
  bool values_are_keys = false;  // one projection makes keys and values (Gemma 4)

  std::int64_t value_dim() const { return v_head_dim.value_or(head_dim); }
  bool operator==(const Attention&) const = default;
};

/// A recurrent state of fixed size in place of a KV cache: gated delta net (arXiv:2412.06464), Mamba-2
/// (arXiv:2405.21060). Keys are Mamba-2's B, queries its C, value heads its heads.
struct LinearAttention {
  std::int64_t num_key_heads = 0;  // groups that share queries and keys
  std::int64_t num_value_heads = 0;
  std::int64_t key_head_dim = 0;  // the state of a head is key_head_dim x value_head_dim
  std::int64_t value_head_dim = 0;
  std::int64_t conv_kernel = 0;        // a causal convolution over queries, keys and values
  std::int64_t chunk_size = 64;        // of the prefill's scan
  std::int64_t projected_scalars = 1;  // a value head: step size (Mamba-2); with decay, 2 (gated delta net)
  std::int64_t learned_scalars = 3;    // a value head: A, dt bias and D (Mamba-2); without D, 2
  bool conv_bias = false;
  bool norm_per_head = false;  // the output's norm: one head wide; else all value heads wide

  std::int64_t key_width() const { return num_key_heads * key_head_dim; }
  std::int64_t value_width() const { return num_value_heads * value_head_dim; }
  std::int64_t conv_width() const { return 2 * key_width() + value_width(); }
  bool operator==(const LinearAttention&) const = default;
};

struct Ffn {
  std::int64_t intermediate_size = 0;
  bool gated = true;  // SwiGLU and kin: three matrices; else two
  bool bias = false;
  bool operator==(const Ffn&) const = default;
};

struct MoeFfn {
  std::string
      router;  // a row of kernels' expert_routers(): "softmax_topk", "softmax_topk_renorm", "noaux_tc", …
  GateShape gate;                    // experts, top_k, groups, scaling; dimension is the model's hidden_size
  bool gate_bias = false;            // a learned bias on the logits (gpt-oss)
  bool selection_bias = false;       // a bias used for selection only (e_score_correction_bias)
  Ffn expert;                        // one routed expert
  std::optional<Ffn> shared_expert;  // all shared experts as one FFN
  bool shared_expert_gate = false;   // a sigmoid gate of one logit on the shared expert (Qwen)
  /// An expert takes at most ceil(factor x tokens x top_k / experts) of a batch's assignments, and the rest
  /// is dropped (Switch, arXiv:2101.03961 section 2.2; GShard, arXiv:2006.16668 section 2.2); absent: all.
  std::optional<double> capacity_factor;
  std::optional<std::int64_t> latent_size;  // routed experts work on a projection of the hidden vector
  bool operator==(const MoeFfn&) const = default;
};

/// A mixer of tokens (attention or linear attention, at most one), attention to an encoder's output, then a
/// dense FFN, an MoE FFN, or both side by side (a hybrid layer: their outputs are added). All may be absent.
struct Layer {
  std::optional<Attention> attention;
  std::optional<LinearAttention> linear_attention;
  std::optional<Attention> cross_attention;
  std::optional<Ffn> dense;
  std::optional<MoeFfn> moe;
  std::int64_t norm_vectors = 2;  // of hidden_size: an RMS norm is one, a layer norm with its bias two
  bool operator==(const Layer&) const = default;
};

/// One layer of a convolutional network: kernel x kernel x in_channels weights an output channel.
struct Convolution {
  std::int64_t kernel = 1;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t output_size = 1;  // height and width of its output; 1: a fully connected layer
  bool bias = false;
  bool batch_norm = false;  // scale and shift
  bool operator==(const Convolution&) const = default;
};

/// Number formats by the role of a matrix. Embeddings, head, gates and norms stay bf16.
struct PrecisionByRole {
  Precision attention = Precision::bf16;  // of any kind
  Precision dense_ffn = Precision::bf16;
  Precision shared_expert = Precision::bf16;
  Precision routed_experts = Precision::bf16;

  static PrecisionByRole all(Precision precision) { return {precision, precision, precision, precision}; }
  static constexpr auto roles() {
    return std::array{&PrecisionByRole::attention, &PrecisionByRole::dense_ffn,
                      &PrecisionByRole::shared_expert, &PrecisionByRole::routed_experts};
  }
  bool operator==(const PrecisionByRole&) const = default;
};

/// decoder: generates tokens. encoder: reads a text or an image at once. encoder_decoder: both; its encoder's
/// layers come first. convolutional: an image classifier, no tokens at all.
enum class ModelForm { decoder, encoder, encoder_decoder, convolutional };

/// What the vendor says, of models in the catalogue.
struct PublishedParameters {
  double total = 0.0;
  std::optional<double> active;
  std::string active_convention;  // what the vendor counts as active, in words
  enum class Active { everything, without_embedding, without_embedding_and_head } counts = Active::everything;
  std::string deviation;  // why the architecture's own count differs; empty where it does not
  std::string source;
};

struct Architecture {
  std::string name;
  std::string source;  // where the numbers come from
  std::int64_t hidden_size = 0;
  std::int64_t vocab_size = 0;
  std::int64_t max_position_embeddings = 0;
  bool tie_word_embeddings = false;
  ModelForm form = ModelForm::decoder;
  std::vector<Layer> layers;
  std::int64_t encoder_layers = 0;  // of `layers`, the first ones; of an encoder_decoder
  std::vector<Convolution> convolutions;
  std::int64_t final_norm_vectors = 1;
  bool zero_centred_norms = false;       // RMS norms multiply by 1 + weight, not by weight
  std::int64_t position_embeddings = 0;  // learned ones: rows of hidden_size
  std::int64_t other_parameters = 0;     // token types, poolers, a head's bias
  PrecisionByRole checkpoint;
  std::vector<std::string> notes;  // what the numbers leave out
  std::optional<PublishedParameters> published;
  std::string routing_preset = "random";  // the token-stream preset this model uses or borrows

  /// Number of layers with an MoE FFN.
  std::int64_t moe_layers() const;
  /// Some layer's experts have a capacity.
  bool drops_tokens() const;
};

/// What a prompt passes: of an encoder-decoder its encoder, and in every decoder layer the projection of the
/// encoder's output to keys and values; of other models everything.
Architecture prompt_part(Architecture architecture);

enum class ModelKind { dense, moe, hybrid };
std::string_view name_of(ModelForm form);

/// dense: no layer routes; hybrid: some layer has a dense FFN beside its experts (Arctic's residual); moe:
/// the rest.
ModelKind kind_of(const Architecture& architecture);
std::string_view name_of(ModelKind kind);

}  // namespace switchyard
