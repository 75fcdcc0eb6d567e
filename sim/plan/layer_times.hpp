// The operators of one kind of layer on one rank, and their times. Layers that are equal share one
// LayerTimes; what depends on the number of tokens alone is computed once per number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/base/breakdown.hpp"
#include "sim/collectives/collective.hpp"
#include "sim/cost/engine_profile.hpp"
#include "sim/cost/operator_cost.hpp"
#include "sim/plan/batch.hpp"
#include "workloads/work.hpp"

namespace switchyard {

struct OperatorTime {
  std::string_view name;
  Part part = Part::elementwise;
  Seconds time;
};

/// step: the forward pass alone, as `switchyard step` times it. serving: with KV-cache writes, embedding and
/// sampling.
enum class Scope { step, serving };

class LayerTimes {
 public:
  /// References must outlive this.
  LayerTimes(const Layer& layer, std::int64_t hidden_size, const Sharding& sharding,
             const ModelPrecision& precision, const OperatorCost& cost, const EngineProfile& engine,
             Scope scope);

  /// Operators whose size depends on the number of tokens alone, in the order in which they run. Between the
  /// first two lists stands attention, after the last the routed experts.
  std::vector<OperatorTime> before_attention(std::int64_t tokens) const;
  std::vector<OperatorTime> after_attention(std::int64_t tokens) const;
  std::vector<OperatorTime> ffn(std::int64_t tokens) const;
  /// Of the ffn's, the shared experts': they need no routing, so they may run beside an exchange.
  Seconds shared_expert_time(std::int64_t tokens) const;
  /// Their sum by part, remembered for numbers that come again.
  Breakdown token_breakdown(std::int64_t tokens) const;

  std::vector<OperatorTime> attention_operators(const RankBatch& batch) const;
  /// Without building the list.
  Breakdown attention_breakdown(const RankBatch& batch) const;

  /// The routed experts of one rank: grouped products (expert) and the activation between them (elementwise).
  struct ExpertTime {
    Seconds products;
    Seconds activation;
    Seconds total() const { return products + activation; }
  };
  /// Remembered: loads of ranks come again and again, and a measured table makes their time dear. Valid until
  /// the next call.
  const ExpertTime& experts(std::int64_t rows, std::int64_t tiled_rows, std::int64_t reads) const;
  bool experts_grow_with_load() const { return cost_->experts_grow_with_load(); }
  /// Routing work on `tokens` tokens: top-k, sort, gather and weighted sum of `tokens` x top_k rows.
  Seconds routing(std::int64_t tokens) const;
  Seconds permutation(std::int64_t tokens) const;

  /// What a token sends to its experts and gets back: its hidden vector, or the experts' latent, in bf16.
  Bytes expert_row_bytes() const {
    return static_cast<double>(work_.experts->hidden_size) * bytes_per_element(Precision::bf16);
  }

  const LayerWork& work() const { return work_; }

 private:
  /// Attention's operators in the order in which they run.
  template <class Visit>
  void visit_attention(const RankBatch& batch, Visit visit) const;
  Seconds decode_time(const AttentionWork& work, const RankBatch& batch) const;
  /// The same where equal sequences of as many tokens, cut as in `step`, take `equal`.
  Seconds decode_time_by_blocks(const RankBatch& batch, std::int64_t kv_heads, Seconds equal) const;
  /// Into which each sequence's cache is cut.
  std::int64_t parts_of(const RankBatch& batch, std::int64_t kv_heads) const;
  Seconds reduction_time(const RankBatch& batch) const;
  Seconds prefill_time(const AttentionWork& work, const RankBatch& batch) const;
  /// Where the engine's are PyTorch's kernels and the GPU has a table of them; of a prompt's first chunk.
  std::optional<Seconds> torch_prompt_time(const AttentionWork& work, const RankBatch& batch) const;
  std::optional<Seconds> torch_cache_write_time(const RankBatch& batch) const;
  bool measured_cache_writes() const;
  Seconds state_time(const RankBatch& batch) const;
  /// Latents in the cache of the prompts, made keys and values again.
  Seconds expansion_time(const RankBatch& batch) const;

  Breakdown sum_of_operators(std::int64_t tokens) const;
  /// On tensors [rows, width] in bf16.
  Seconds small_time(const SmallKernels& kernels, std::int64_t rows, std::int64_t width) const;
  void add_small(std::string_view name, const SmallKernels& kernels, std::int64_t rows, std::int64_t width,
                 std::vector<OperatorTime>& operators) const;
  Seconds activation_time(std::int64_t rows, std::int64_t width) const;
  void add_gemm(const Gemm& gemm, std::int64_t tokens, std::vector<OperatorTime>& operators) const;
  void add_gated(const std::vector<Gemm>& up_and_down, std::int64_t tokens,
                 std::vector<OperatorTime>& operators) const;

  LayerWork work_;
  std::int64_t hidden_size_;
  const OperatorCost* cost_;
  const EngineProfile* engine_;
  Scope scope_;
  /// One load a slot, the last that came; loads of like rows are neighbours, so that a step's stay in the
  /// first cache.
  struct RememberedExperts {
    std::uint32_t rows = 0, tiled_rows = 0, reads = 0;  // no read: none yet
    ExpertTime time;
  };
  /// The same by a step's number of tokens.
  template <class Value>
  struct OfTokens {
    std::int64_t tokens = -1;
    Value value;
  };
  ExpertTime expert_time(std::int64_t rows, std::int64_t tiled_rows, std::int64_t reads) const;

  mutable std::vector<RememberedExperts> remembered_experts_;
  mutable std::vector<OfTokens<Breakdown>> remembered_;
  mutable std::vector<OfTokens<Seconds>> remembered_shared_;
};

/// (query, key) pairs of a causal chunk: query i of `tokens` sees context + i + 1 keys, at most `window`.
double causal_pairs(const PrefillChunk& chunk, std::optional<std::int64_t> window);

}  // namespace switchyard
